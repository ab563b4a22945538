import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startHttps, trust } from './https.ts';

export const token = 'u+pagerduty-token-0123';
type Shift = { readonly policy: string; readonly level: number; readonly email: string };

/**
 * As much of PagerDuty's REST API v2 and Events API v2 as Curfew uses. It pages once per routing key and deduplication key.
 * @param isSecure on https, as the configuration demands it; this process believes its certificate meanwhile
 */
export async function startPagerDuty({ isSecure = false }: { isSecure?: boolean } = {}) {
  await using stack = new AsyncDisposableStack();
  const fake = {
    url: '',
    /** Service → escalation policy. */
    services: new Map<string, string>(),
    shifts: [] as Shift[],
    pageSize: 2,
    routingKeys: new Set<string>(),
    pages: [] as { routing_key: string; dedup_key: string; payload: Record<string, unknown> }[],
    asked: [] as string[],
    /** Answers the next calls instead, in order. */
    next: [] as ((response: ServerResponse) => void)[],
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
  const say = (response: ServerResponse, status: number, body: unknown) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

  const listOnCalls = (response: ServerResponse, query: URLSearchParams) => {
    const offset = Number(query.get('offset') ?? 0);
    const limit = Math.min(Number(query.get('limit') ?? 25), fake.pageSize);
    const policies = query.getAll('escalation_policy_ids[]');
    const found = fake.shifts.filter(({ policy }) => policies.length === 0 || policies.includes(policy));
    const isFull = query.getAll('include[]').includes('users');
    const oncalls = found.slice(offset, offset + limit).map(({ policy, level, email }) => ({
      escalation_policy: { id: policy, type: 'escalation_policy_reference' },
      escalation_level: level,
      schedule: null,
      user: isFull ? { id: `U${email}`, type: 'user', name: email, email } : { id: `U${email}`, type: 'user_reference' },
      start: null,
      end: null,
    }));
    say(response, 200, { oncalls, limit, offset, more: offset + limit < found.length, total: null });
  };
  const enqueue = (response: ServerResponse, event: (typeof fake.pages)[number] & { event_action: string }) => {
    if (event.event_action !== 'trigger' || !fake.routingKeys.has(event.routing_key))
      return say(response, 400, { status: 'invalid event', message: 'Event object is invalid', errors: [event.routing_key] });
    const isKnown = fake.pages.some((page) => page.routing_key === event.routing_key && page.dedup_key === event.dedup_key);
    if (!isKnown) fake.pages.push(event);
    return say(response, 202, { status: 'success', message: 'Event processed', dedup_key: event.dedup_key });
  };

  const answer: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.once('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://pagerduty');
      fake.asked.push(`${request.method} ${pathname}`);
      const instead = fake.next.shift();
      if (instead !== undefined) return instead(response);
      if (pathname === '/v2/enqueue') return enqueue(response, JSON.parse(body));
      if (request.headers.authorization !== `Token token=${token}`) return say(response, 401, { error: { message: 'who?' } });
      if (pathname === '/oncalls') return listOnCalls(response, searchParams);
      const policy = fake.services.get(pathname.replace('/services/', ''));
      if (policy === undefined) return say(response, 404, { error: { message: 'Not Found', code: 2100 } });
      return say(response, 200, { service: { id: pathname, escalation_policy: { id: policy, type: 'escalation_policy_reference' } } });
    });
  };
  fake.url = isSecure ? await listenSecurely(answer, stack) : await listen(answer, stack);
  const running = stack.move();
  return fake;
}

async function listen(answer: RequestListener, stack: AsyncDisposableStack): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stack.defer(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  );
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

async function listenSecurely(answer: RequestListener, stack: AsyncDisposableStack): Promise<string> {
  const { domain, certificate } = stack.use(await startHttps(answer));
  stack.use(trust(certificate));
  return `https://${domain}`;
}

export type FakePagerDuty = Awaited<ReturnType<typeof startPagerDuty>>;
