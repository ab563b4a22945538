import { expect, it } from 'vitest';
import { startCurfew } from '../support/running-curfew.ts';

it('tells whoever follows the events of each step as it happens, and ends with the server', async () => {
  await using product = await startCurfew({ transport: 'built-in' });
  const { api, curfew } = product;
  const key = await api('POST', '/o/demo/api-keys', { name: 'events', owner: 'bob@example.com', scopes: ['requests:read', 'command'] });
  const own = String(key.body['key']);
  const response = await fetch(`${curfew.url}/o/demo/permission-requests/events`, { headers: { authorization: `Bearer ${own}` } });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  const told: Record<string, unknown>[] = [];
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (reader === undefined) throw new Error('no stream');
  let rest = '';
  /** Reads until this has happened; false where the stream ends before. */
  const until = async (action: string): Promise<boolean> => {
    while (!told.some((each) => each['action'] === action)) {
      const { value, done } = await reader.read();
      if (done) return false;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const [, data = ''] of blocks.flatMap((block) => [...block.matchAll(/^data: (.*)$/gm)])) told.push(JSON.parse(data));
    }
    return true;
  };

  // In Slack: a request made with a key is not approved by whoever made the key.
  await product.workspace.as('bob').command('/access request pg role readonly --reason "on call tonight"');
  expect(await until('request.submitted')).toBe(true);
  const id = told[0]?.['requestId'];
  expect((await api('POST', `/o/demo/permission-requests/${String(id)}/approve`, { expirationLength: '1h' })).status).toBe(200);
  expect(await until('grant.activated')).toBe(true);
  expect((await api('POST', `/o/demo/permission-requests/${String(id)}/relinquish`, undefined, own)).status).toBe(200);
  expect(await until('grant.ended')).toBe(true);
  expect(told.map((each) => [each['action'], each['status'], each['requestId']])).toEqual([
    ['request.submitted', 'NEW', id],
    ['request.approved', 'APPROVED', id],
    ['grant.activated', 'DONE', id],
    ['grant.relinquished', 'DONE', id],
    ['grant.ended', 'REVOKED', id],
  ]);
  expect((await api('GET', `/o/demo/permission-requests/${String(id)}`, undefined, own)).body).toMatchObject({
    timeline: told.map(({ action, at, actor }) => ({ action, at, actor })),
  });

  const ended = until('never');
  await product[Symbol.asyncDispose]();
  expect(await ended).toBe(false);
}, 60_000);
