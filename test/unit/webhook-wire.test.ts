import { Resolver } from 'node:dns';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { instant } from '../../src/domain/time.ts';
import { createWebhookWire } from '../../src/webhooks/index.ts';
import { askMachine, askNameServers } from '../../src/webhooks/resolve.ts';
import { startNameServer } from '../support/name-server.ts';
import { startReceiver } from '../support/receiver.ts';

const never = new AbortController().signal;
const call = { secrets: ['whsec_AAAA'], messageId: 'evt_demo_1', at: instant(0), body: '{}' };
const refused = { kind: 'failed', why: 'its address is not on the public Internet' };

function resolverAt(address: string) {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([address]);
  return askNameServers(resolver);
}

it('asks the name servers for all addresses', async () => {
  await using server = await startNameServer({ 'hooks.example.com': [['8.8.8.8', '9.9.9.9']], 'empty.example.com': [[]] });
  const ask = promisify(resolverAt(server.address));
  expect(await ask('hooks.example.com')).toEqual([
    { address: '8.8.8.8', family: 4 },
    { address: '9.9.9.9', family: 4 },
  ]);
  await expect(ask('empty.example.com')).rejects.toMatchObject({ code: 'ENODATA' });
  await expect(ask('unknown.example.com')).rejects.toMatchObject({ code: 'ENOTFOUND' });
});

it('asks the machine for its own names', async () => {
  expect(await promisify(askMachine)('127.0.0.1')).toEqual([{ address: '127.0.0.1', family: 4 }]);
  await expect(promisify(askMachine)('no such host')).rejects.toMatchObject({ code: expect.any(String) });
});

it('is not led inside by a name server, whatever that said before', async () => {
  await using receiver = await startReceiver();
  await using server = await startNameServer({
    'rebinding.example.com': [['8.8.8.8'], ['127.0.0.1']],
    'mixed.example.com': [['8.8.8.8', '127.0.0.1']],
  });
  const resolve = resolverAt(server.address);
  // What a check beforehand would have seen.
  expect(await promisify(resolve)('rebinding.example.com')).toEqual([{ address: '8.8.8.8', family: 4 }]);
  await using wire = createWebhookWire({ allowHosts: [], resolve });
  for (const host of ['rebinding', 'mixed', 'rebinding'])
    expect(await wire.post({ ...call, url: `https://${host}.example.com:${receiver.port}/` }, never), host).toEqual(refused);
  expect(await wire.post({ ...call, url: `https://unknown.example.com:${receiver.port}/` }, never)).toEqual({
    kind: 'failed',
    why: 'ENOTFOUND',
  });
  expect(receiver.connections()).toBe(0);
});

it('finds hosts that are allowed by name as the machine does', async () => {
  await using receiver = await startReceiver();
  await using wire = createWebhookWire({ allowHosts: ['localhost', '127.0.0.1'] });
  for (const host of ['localhost', '127.0.0.1'])
    expect(await wire.post({ ...call, url: `http://${host}:${receiver.port}/` }, never), host).toEqual({ kind: 'answered', status: 204 });
});

it('gives up on a receiver and on a name server that do not answer', async () => {
  await using receiver = await startReceiver();
  receiver.next(() => undefined);
  await using wire = createWebhookWire({ allowHosts: ['127.0.0.1'], resolve: () => undefined, deadlineMs: 300 });
  const late = { kind: 'failed', why: 'no answer in time' };
  expect(await wire.post({ ...call, url: receiver.url }, never)).toEqual(late);
  expect(await wire.post({ ...call, url: 'https://hooks.example.com/' }, never)).toEqual(late);
});
