import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OnCall } from '../../src/app/ports.ts';
import { createPagerDuty, type PagerDutyOptions } from '../../src/on-call/pagerduty.ts';
import { createOnCalls } from '../../src/on-call/index.ts';
import { type FakePagerDuty, startPagerDuty, token } from '../support/pagerduty.ts';
import { createWorld, email, org } from '../support/world.ts';

const routingKeys = { PDB: 'd'.repeat(32), PSHOP: 's'.repeat(32), PWEB: 's'.repeat(32) };
const secrets = [token, ...Object.values(routingKeys)];

let fake: FakePagerDuty;
let pagerDuty: OnCall;
const open = (options: Partial<PagerDutyOptions> = {}) =>
  createPagerDuty({ token, routingKeys: new Map(Object.entries(routingKeys)), url: fake.url, eventsUrl: fake.url, ...options });

beforeEach(async () => {
  fake = await startPagerDuty();
  fake.services = new Map([
    ['PDB', 'E1'],
    ['PSHOP', 'E2'],
  ]);
  fake.shifts = [
    { policy: 'E1', level: 1, email: 'one@example.com' },
    { policy: 'E1', level: 2, email: 'second@example.com' },
    { policy: 'E1', level: 2, email: 'third@example.com' },
    { policy: 'E1', level: 1, email: 'Last@Example.com' },
    { policy: 'E2', level: 1, email: 'shop@example.com' },
  ];
  fake.routingKeys = new Set(Object.values(routingKeys));
  pagerDuty = open();
});
afterEach(() => fake[Symbol.asyncDispose]());

const isOnCall = (who: string, ...services: string[]) => pagerDuty.isOnCall(email(who), services);
/** What a failed call says, in full. */
async function failure(call: Promise<unknown>): Promise<string> {
  const text = await call.then(
    () => 'no failure',
    (error: unknown) => inspect(error, { depth: 9, showHidden: true }),
  );
  for (const secret of secrets) expect(text).not.toContain(secret);
  return text;
}

describe('who is on call', () => {
  it('is whoever its escalation policy asks first, to the last page of the answer, by any spelling of their address', async () => {
    expect(await isOnCall('one@example.com', 'PDB')).toBe(true);
    expect(await isOnCall('last+pager@example.com', 'PDB')).toBe(true);
    expect(await isOnCall('second@example.com', 'PDB')).toBe(false);
    expect(await isOnCall('shop@example.com', 'PDB')).toBe(false);
    expect(await isOnCall('shop@example.com', 'PDB', 'PSHOP')).toBe(true);
    expect(await isOnCall('one@example.com')).toBe(false);
  });

  it('for anything is whoever any escalation policy asks first', async () => {
    expect(await pagerDuty.isOnCall(email('shop@example.com'), undefined)).toBe(true);
    expect(await pagerDuty.isOnCall(email('second@example.com'), undefined)).toBe(false);
    expect(fake.asked.every((each) => each === 'GET /oncalls')).toBe(true);
  });

  it('is asked anew each time', async () => {
    expect(await isOnCall('erin@example.com', 'PDB')).toBe(false);
    fake.shifts.push({ policy: 'E1', level: 1, email: 'erin@example.com' });
    expect(await isOnCall('erin@example.com', 'PDB')).toBe(true);
  });

  it('is certain for one service although another cannot be told', async () => {
    expect(await isOnCall('one@example.com', 'PGONE', 'PDB')).toBe(true);
    expect(await failure(isOnCall('two@example.com', 'PGONE', 'PDB'))).toContain('404');
  });

  it.each(['..', '../oncalls', 'a/b', '', 'P?x=1', 'x'.repeat(100)])('asks nothing about the service %j', async (service) => {
    expect(await failure(isOnCall('one@example.com', service))).toContain('no id of a PagerDuty service');
    expect(fake.asked).toEqual([]);
  });

  const json = (status: number, body: string) => (response: ServerResponse) =>
    void response.writeHead(status, { 'content-type': 'application/json', location: '/elsewhere' }).end(body);
  it.each([
    ['429', json(429, '{}')],
    ['500', json(500, token)],
    ['401', json(401, '{}')],
    ['302', json(302, '{}')],
    ['not JSON', json(200, `<html>${token}`)],
    ['another shape', json(200, '[]')],
    ['no body', json(200, '')],
    ['a cut answer', (response: ServerResponse) => void response.socket?.destroy()],
  ])('is a failure where the answer is %s, never "nobody"', async (_, answer) => {
    fake.next.push(answer);
    expect(await failure(isOnCall('two@example.com', 'PDB'))).toContain('PagerDuty');
    expect(await isOnCall('two@example.com', 'PDB')).toBe(false);
  });

  it.each([
    ['lacks addresses', { oncalls: [{ escalation_level: 1, user: { id: 'U', type: 'user_reference' } }], more: false }],
    ['does not say whether there is more', { oncalls: [] }],
  ])('is a failure where the list %s', async (_, body) => {
    fake.next.push((response) => void response.end(JSON.stringify({ service: { escalation_policy: { id: 'E1' } } })));
    fake.next.push((response) => void response.end(JSON.stringify(body)));
    expect(await failure(isOnCall('two@example.com', 'PDB'))).toContain('shape');
  });

  it('is a failure where the list has no end, or no answer comes', async () => {
    fake.pageSize = 0;
    expect(await failure(isOnCall('two@example.com', 'PDB'))).toContain('too many');
    fake.next.push(() => undefined);
    pagerDuty = open({ deadlineMs: 50 });
    expect(await failure(isOnCall('two@example.com', 'PDB'))).toContain('PagerDuty');
  });
});

describe('paging', () => {
  const page = (key: string, ...services: string[]) =>
    pagerDuty.page(services, { key, text: `${'a'.repeat(2000)}\nRequest ${key}` }, AbortSignal.timeout(5_000));

  it('tells each service once for one key, however often and by however many names', async () => {
    await page('r1', 'PDB', 'PSHOP', 'PWEB');
    await page('r1', 'PDB', 'PSHOP', 'PWEB');
    await page('r2', 'PDB');
    expect(fake.pages.map(({ routing_key, dedup_key }) => [routing_key[0], dedup_key])).toEqual([
      ['d', 'r1'],
      ['s', 'r1'],
      ['d', 'r2'],
    ]);
    const [first] = fake.pages;
    expect(first?.payload).toMatchObject({
      source: 'curfew',
      severity: 'critical',
      custom_details: { text: expect.stringContaining('Request r1') },
    });
    expect(String(first?.payload['summary']).length).toBeLessThanOrEqual(1024);
  });

  it.each([429, 500, 400])('that is answered %i fails, and the others are told all the same', async (status) => {
    fake.next.push((response) => void response.writeHead(status).end(routingKeys.PDB));
    expect(await failure(page('r1', 'PDB', 'PSHOP'))).toContain(String(status));
    expect(fake.pages).toHaveLength(1);
    await page('r1', 'PDB', 'PSHOP');
    expect(fake.pages).toHaveLength(2);
  });

  it('fails where nothing comes back in time, or another thing than success', async () => {
    fake.next.push(() => undefined);
    expect(await failure(pagerDuty.page(['PDB'], { key: 'k', text: 't' }, AbortSignal.timeout(50)))).toContain('PagerDuty');
    fake.next.push((response) => void response.writeHead(202).end('{"status":"invalid event"}'));
    expect(await failure(page('k', 'PDB'))).toContain('shape');
  });

  it('is possible only where there is a routing key', async () => {
    expect(['PDB', 'PNEW', '__proto__', 'constructor'].map((service) => pagerDuty.canPage(service))).toEqual([true, false, false, false]);
    expect(await failure(page('k', 'PNEW'))).toContain('routing key');
  });
});

it('lets whoever is on call approve, and tells them of an escalation', async () => {
  await using world = await createWorld({ onCalls: createOnCalls([pagerDuty]) });
  fake.shifts.push({ policy: 'E1', level: 1, email: 'dave@example.com' });
  const approval = [{ type: 'escalation', integration: 'pagerduty', services: ['PDB'] }];
  await world.pool.query(`insert into policies (org, name, document) values ('demo', 'one', $1)`, [
    { name: 'one', requestor: { type: 'any' }, resource: { type: 'any' }, approval },
  ]);
  const bob = await world.caller('bob');
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const made = await world.useCases.submitRequest(bob, { right, reason: 'why', duration: undefined, to: undefined });
  if (!made.ok) throw new Error(made.rejection.code);
  const { id } = made.value.request;
  expect(await world.useCases.escalateRequest(bob, id, undefined)).toMatchObject({ ok: true });
  fake.next.push((response) => void response.writeHead(500).end());
  await expect(world.work.notify(id)).rejects.toThrow('PagerDuty');
  await world.work.notify(id);
  await world.work.notify(id);
  expect(fake.pages.map(({ dedup_key }) => dedup_key)).toEqual([id]);
  const approve = async (name: string) =>
    world.useCases.decideRequest(await world.caller(name), id, { kind: 'approve', duration: undefined, digest: undefined });
  fake.next.push((response) => void response.writeHead(429).end());
  expect(await approve('dave')).toMatchObject({ rejection: { code: 'unavailable', what: 'on-call service pagerduty' } });
  expect(await approve('carol')).toMatchObject({ rejection: { code: 'not-approver' } });
  expect(await approve('dave')).toMatchObject({ ok: true });
  expect(made.value.request.org).toBe(org);
  for (const secret of secrets) expect(inspect(world.lines, { depth: 9 })).not.toContain(secret);
});
