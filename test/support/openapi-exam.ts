import { createHash } from 'node:crypto';
import { Agent } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { InjectOptions } from 'fastify';
import { countChanges } from './change-counter.ts';
import { listening, must } from './http-app.ts';
import { type Answer, createDocumentCheck, parse } from './openapi-answers.ts';
import { type ApiDocument, type Operation, operationAt } from './openapi-document.ts';
import { Pools } from './openapi-pools.ts';
import { build, type Plan, type Sent } from './openapi-requests.ts';
import { type FuzzWorld, otherMark, otherOrg, tend, type Token } from './openapi-world.ts';
import { sendRaw } from './send-raw.ts';

/** `bearer` undefined: no header at all. */
type Bearer = { readonly name: string; readonly header: string | undefined; readonly scopes: ReadonlySet<string> };

const patienceMs = 15_000;
const none: ReadonlySet<string> = new Set();

/** Sends generated requests one after the other, and keeps what is wrong with the answers. */
export async function createExam(world: FuzzWorld, api: ApiDocument) {
  const { ours, theirs } = world;
  const check = createDocumentCheck(api);
  const changes = await countChanges(world.world.pool);
  const known = { org: ours.org, ours: new Pools(), theirs: new Pools() };
  const secrets = await createSecrets(world);
  const bearers = bearersOf(world);
  const { server, port } = await listening(ours.app);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** By operation and what is wrong, the first of each kind. */
  const findings = new Map<string, string>();
  const reached = new Map<string, Set<number>>();

  const deliver = async ({ method, url, headers, body }: Sent, overSocket: boolean): Promise<Answer> => {
    if (overSocket) return sendRaw({ port, agent, method, path: url, headers }, body ?? '');
    const options: InjectOptions = { method: method as 'GET', url, headers, ...(body === undefined ? {} : { payload: body }) };
    const answer = await ours.app.inject(options);
    return { status: answer.statusCode, headers: answer.headers, body: answer.body };
  };

  const ask = async (plan: Plan, bearer: Bearer): Promise<void> => {
    const sent = build(plan, known);
    const operation = operationAt(api.operations, sent.method === 'HEAD' ? 'GET' : sent.method, sent.url);
    // The wrong method or an unlucky id leads to an answer that does not end.
    if (operation?.isStream) return;
    const full: Sent = { ...sent, headers: { ...sent.headers, ...(bearer.header === undefined ? {} : { authorization: bearer.header }) } };
    let answer = await inTime(deliver(full, plan.overSocket));
    // The machine is busy with something else, and the server says so.
    while (isOverloaded(answer)) {
      await setTimeout(200);
      answer = await inTime(deliver(full, plan.overSocket));
    }
    const wrong = [
      ...check.answer(operation, answer, sent.method),
      ...whyShouldFail(operation, plan, sent, bearer).flatMap((why) =>
        answer.status < 400 ? [`${answer.status} in spite of ${why}`] : [],
      ),
      ...(await secrets.seenIn(answer, sent, operation)),
      ...serverFault(answer),
    ];
    const changed = await changes.since();
    const isRead = sent.method === 'GET' || sent.method === 'HEAD';
    if (changed.length > 0 && (answer.status >= 400 || isRead))
      wrong.push(`${answer.status >= 400 ? 'a refused call' : 'a read'} changed ${changed[0]}`);
    for (const each of wrong) note(operation?.operationId ?? sent.method, each, full, answer, bearer);
    if (operation === undefined) return;
    reached.set(operation.operationId, (reached.get(operation.operationId) ?? new Set()).add(Math.floor(answer.status / 100)));
    if (plan.operation === operation) known.ours.learn(operation, sent.path, answer);
  };

  const whyShouldFail = (operation: Operation | undefined, plan: Plan, sent: Sent, bearer: Bearer): string[] => {
    if (operation === undefined || !operation.needsToken) return [];
    const parsed = typeof sent.body === 'string' && sent.headers['content-type'] === 'application/json' ? parse(sent.body) : undefined;
    const notTaken =
      operation.bodySchema !== undefined && parsed !== undefined && plan.operation === operation && !check.takes(operation, parsed.value);
    return [
      ...(bearer.scopes.size === 0 ? [`the token (${bearer.name})`] : []),
      ...(operation.scope !== undefined && !bearer.scopes.has(operation.scope) ? [`the missing scope ${operation.scope}`] : []),
      ...(sent.mustFail === undefined ? [] : [sent.mustFail]),
      ...(notTaken ? ['a body that the document does not allow'] : []),
    ];
  };

  const note = (about: string, what: string, sent: Sent, answer: Answer, bearer: Bearer): void => {
    const kind = `${about}: ${what.replaceAll(/[0-9a-f-]{36}|\d{2,}|\(.*/g, '…').slice(0, 160)}`;
    if (findings.has(kind)) return;
    const { authorization: _, ...headers } = sent.headers;
    const shown = `${sent.method} ${sent.url} as ${bearer.name} ${JSON.stringify(headers)} ${String(sent.body ?? '').slice(0, 600)}`;
    findings.set(kind, `${about}: ${what}\n  ${shown}\n  → ${answer.status} ${answer.body.slice(0, 600)}`);
  };

  return {
    ask,
    check,
    bearers,
    findings,
    reached,
    known,
    port,
    /** What `bearers` may do everything that people may, the owner first. */
    people: bearers.filter((each) => each.scopes.size > 1),
    /** Puts our organisation in order, and learns what there is. */
    async tend(): Promise<void> {
      await tend(world.world, ours, world.tokens);
      known.ours.forget();
      await learnAll(api, ours, known.ours);
      await secrets.look();
      await changes.since();
    },
    learnTheirs: () => learnAll(api, theirs, known.theirs),
    async close(): Promise<void> {
      agent.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export type Exam = Awaited<ReturnType<typeof createExam>>;

function bearersOf({ tokens, theirs }: FuzzWorld): readonly Bearer[] {
  const named = ({ who, scopes, id, text }: Token): Bearer => ({
    name: id === undefined ? 'a key that is no more' : `${who} (${scopes.size === 1 ? [...scopes].join() : 'every scope'})`,
    header: `Bearer ${text}`,
    scopes,
  });
  return [
    ...tokens.map(named),
    { name: 'nobody', header: undefined, scopes: none },
    { name: 'a made-up key', header: 'Bearer cfw_made-up', scopes: none },
    { name: 'another scheme', header: 'Basic YWxpY2U6cGFzc3dvcmQ=', scopes: none },
    { ...named(theirs.admin), name: "another organisation's owner", scopes: none },
  ];
}

async function inTime(answer: Promise<Answer>): Promise<Answer> {
  const over = new AbortController();
  const late = setTimeout(patienceMs, { status: 0, headers: {}, body: 'no answer in time' }, { signal: over.signal });
  // The one that is not waited for any more ends by being told so.
  late.catch(() => undefined);
  const first = await Promise.race([answer, late]);
  over.abort();
  return first;
}

const isOverloaded = ({ status, body }: Answer): boolean => status === 503 && body.includes('urn:curfew:problem:overloaded');

function serverFault({ status, body }: Answer): string[] {
  if (status === 0) return [body];
  return [
    ...(status >= 500 ? [`a ${status}`] : []),
    ...(/node_modules|\.ts:\d+|\bat \S+ \(|select .{1,60} from /.test(body) ? ['something of our insides'] : []),
  ];
}

/** Every listing without further parameters, as the owner sees it. */
async function learnAll({ operations }: ApiDocument, { app, org, admin }: FuzzWorld['ours'], pools: Pools): Promise<void> {
  for (const operation of operations) {
    const isListing = operation.method === 'GET' && !operation.isStream && operation.path.replace('{org}', '').indexOf('{') < 0;
    if (!isListing || !operation.needsToken) continue;
    const url = operation.path.replace('{org}', org);
    const answer = await app.inject({ method: 'GET', url, headers: { authorization: `Bearer ${admin.text}` } });
    pools.learn(operation, {}, { status: answer.statusCode, headers: answer.headers, body: answer.body });
  }
}

const keyLike = /\b(?:cfw_[A-Za-z0-9_-]{30,}|whsec_[A-Za-z0-9+/=_-]{16,})/g;

/** What no answer may hold: of ours, keys, what is stored of them, and passwords; of the other organisation, anything. */
async function createSecrets({ world, tokens, theirs, ours }: FuzzWorld) {
  const texts = new Set<string>(['postgres://', 'postgresql://']);
  for (const { text } of [...tokens, theirs.admin, ours.admin]) {
    const hash = createHash('sha256').update(text).digest();
    for (const each of [text.slice(0, 24), hash.toString('hex').slice(0, 32), hash.toString('base64').slice(0, 24)]) texts.add(each);
  }
  const look = async (): Promise<void> => {
    const { rows } = await world.pool.query<{ sealed: string }>(
      'select s as sealed from accounts, unnest(array[secret, offered]) as s where s is not null',
    );
    for (const { sealed } of rows) texts.add(sealed);
  };
  await look();
  return {
    look,
    async seenIn({ body }: Answer, sent: Sent, operation: Operation | undefined): Promise<string[]> {
      const asked = `${sent.url} ${String(sent.body ?? '')}`;
      const leaked = [...texts].filter((text) => body.includes(text)).map((text) => `a secret (${text.slice(0, 8)}…) in the answer`);
      const fresh = operation?.showsOnce === true ? [] : (body.match(keyLike) ?? []).filter((each) => !asked.includes(each));
      const foreign = body.includes(otherMark) ? [`something of ${must(otherOrg)} in the answer`] : [];
      return [...leaked, ...fresh.map(() => 'a key in the answer'), ...foreign];
    },
  };
}
