import { expect, it } from 'vitest';
import {
  accessOf,
  approvalOf,
  buttonsOf,
  expectNoComplaints,
  logIn,
  loginProblem,
  refusals,
  seen,
  showPassword,
  textOf,
} from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';

const scriptName = 'p0';

it('takes commands and decisions over the Command API, and shows them in Slack', async () => {
  await using product = await startCurfew({ transport: 'http' });
  const { workspace, api } = product;
  const [bob, carol] = [workspace.as('bob'), workspace.as('carol')];
  const requestPath = (id: unknown, verb = '') => `/o/demo/permission-requests/${String(id)}${verb}`;
  const run = (...argv: string[]) => api('POST', '/o/demo/command/', { argv, scriptName });

  // Somebody who grants to another has made the request, and so may not approve it.
  const granted = await run('grant', 'pg', 'role', 'readonly', '--to', 'bob@example.com', '--reason', 'on call tonight');
  expect(granted).toMatchObject({ status: 200, body: { ok: true, request: { status: 'NEW', principal: 'bob@example.com' } } });
  const { id } = granted.body;
  const own = await api('POST', requestPath(id, '/approve'), { expirationLength: '5 minutes' });
  expect(own).toMatchObject({ status: 403, body: { type: 'urn:curfew:problem:own-request' } });
  expect((await api('GET', requestPath(id))).body).toMatchObject({ status: 'NEW' });

  const approval = await approvalOf(workspace, 'on call tonight');
  await carol.press(approval, 'approve');
  const connection = await showPassword(workspace, await accessOf(workspace));
  const session = await logIn(connection);
  expect((await api('GET', requestPath(id))).body).toMatchObject({ status: 'DONE', decision: { by: 'carol@example.com' } });
  const revoked = await api('POST', requestPath(id, '/revoke'), { reason: 'the night is over' });
  expect(revoked).toMatchObject({ status: 200, body: { ok: true, id } });
  await session.cut;
  await expect.poll(() => loginProblem(connection), { timeout: 10_000 }).toSatisfy((code) => refusals.includes(code));
  await seen(
    workspace,
    () => bob.dm(),
    (message) => textOf(message).includes('has ended') && textOf(message).includes('the night is over'),
  );
  await expect.poll(async () => (await api('GET', requestPath(id))).body).toMatchObject({ status: 'REVOKED' });

  // What was asked in Slack can be decided here, for a time of one's own.
  await bob.command('/access request pg role readonly --reason "second look" --duration 1m');
  const second = await approvalOf(workspace, 'second look');
  const found = await product.curfew.pool.query<{ id: string }>(`select id from requests where reason = 'second look'`);
  const secondId = found.rows[0]?.id;
  const unclear = await api('POST', requestPath(secondId, '/approve'), { expirationLength: '5minutes' });
  expect(unclear).toMatchObject({ status: 400, body: { type: 'urn:curfew:problem:invalid-duration' } });
  const tooLong = await api('POST', requestPath(secondId, '/approve'), { expirationLength: '400d' });
  expect(tooLong).toMatchObject({ status: 400, body: { type: 'urn:curfew:problem:over-maximum' } });
  const approved = await api('POST', requestPath(secondId, '/approve'), { expirationLength: '1 hour' });
  expect(approved).toMatchObject({ status: 200, body: { ok: true, request: { decision: { by: 'alice@example.com', seconds: 3600 } } } });
  expect((await logIn(await showPassword(workspace, await accessOf(workspace)))).orders).toBe(48);
  await workspace.until(() => buttonsOf(second).join() === 'revoke' && textOf(second).includes('1 hour'), 10_000);
  const again = await api('POST', requestPath(secondId, '/approve'), { expirationLength: '1 hour' });
  expect(again).toMatchObject({ status: 400, body: { type: 'urn:curfew:problem:already-decided' } });

  await bob.command('/access request pg role readwrite --reason "change a price"');
  const third = await approvalOf(workspace, 'change a price');
  const thirdId = (await product.curfew.pool.query<{ id: string }>(`select id from requests where reason = 'change a price'`)).rows[0]?.id;
  const denied = await api('POST', requestPath(thirdId, '/deny'), { reason: 'ask the shop' });
  expect(denied).toMatchObject({ status: 200, body: { ok: true, request: { status: 'DENIED' } } });
  await seen(
    workspace,
    () => bob.dm(),
    (message) => textOf(message).includes('No access to') && textOf(message).includes('ask the shop'),
  );
  await workspace.until(() => buttonsOf(third).length === 0 && textOf(third).includes('Denied'), 10_000);
  expectNoComplaints(product);
});

it('refuses strangers, other organisations and what is not there', async () => {
  await using product = await startCurfew({ transport: 'http' });
  const { api } = product;
  const body = { argv: ['ls', 'pg', 'role'], scriptName };
  const nobody = '01938a00-0000-7000-8000-000000000001';
  expect(await api('POST', '/o/demo/command/', body)).toMatchObject({ status: 200, body: { ok: true, arg: 'role' } });
  expect(await api('POST', '/o/demo/command/', body, `cfw_${'0'.repeat(48)}`)).toMatchObject({ status: 401 });
  expect(await api('POST', '/o/other/command/', body)).toMatchObject({ status: 404 });
  expect(await api('POST', '/o/other/command/', body, `cfw_${'0'.repeat(48)}`)).toMatchObject({ status: 401 });
  for (const verb of ['approve', 'deny', 'revoke']) {
    const path = `/o/demo/permission-requests/${nobody}/${verb}`;
    expect(await api('POST', path, { expirationLength: '1h' })).toMatchObject({ status: 404 });
  }
  expect((await product.curfew.pool.query('select from requests')).rowCount).toBe(0);
  expectNoComplaints(product);
});
