import { expect, it } from 'vitest';
import { startCurfew } from '../support/running-curfew.ts';

it('whoever opens the bare address of the workspace that is built in is sent to its page', async () => {
  await using product = await startCurfew({ transport: 'built-in' });
  const open = (path: string, method = 'GET') => fetch(`${product.curfew.url}${path}`, { method, redirect: 'manual' });
  for (const path of ['/', '/?from=mail']) {
    const answer = await open(path);
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/sandbox']);
  }
  // Of what programs call nothing changes.
  const posted = await open('/', 'POST');
  expect([posted.status, posted.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect((await open('/nothing')).status).toBe(404);
}, 60_000);

it('where Slack is real they are sent to the reference of the API', async () => {
  await using product = await startCurfew({ transport: 'socket' });
  const answer = await fetch(product.curfew.url);
  expect([answer.status, new URL(answer.url).pathname]).toEqual([200, '/docs/api']);
}, 60_000);
