import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createUseCases } from '../../src/app/index.ts';
import type { Directory, OnCall } from '../../src/app/ports.ts';
import type { UseCases } from '../../src/app/use-cases.ts';
import { createDirectories } from '../../src/directories/index.ts';
import { createFileDirectories } from '../../src/directories/local.ts';
import type { PolicyApproval, PolicyRequestor } from '../../src/domain/policy.ts';
import { createWorld, email, org, type World } from '../support/world.ts';

let world: World;
let useCases: UseCases;
/** It is configured, and away. */
const workspace: Directory = {
  name: 'workspace',
  isMember: async () => {
    throw new Error('away');
  },
  profileProperty: async () => {
    throw new Error('away');
  },
};
const onCall: OnCall = {
  name: 'pagerduty',
  isOnCall: async () => {
    throw new Error('away');
  },
  canPage: () => true,
  page: async () => undefined,
};

beforeAll(async () => {
  world = await createWorld();
  const groups = [
    { directory: 'okta', id: '00g1', label: 'Developers', members: [email('bob@example.com'), email('frank@example.com')] },
    { directory: 'local', id: '00g2', label: 'Others', members: [email('bob@example.com')] },
  ];
  const routing = {
    ...world.deps.routing,
    directories: createDirectories([...createFileDirectories(groups), workspace]),
    onCalls: (name: string) => (name === 'pagerduty' ? onCall : undefined),
  };
  useCases = createUseCases({ ...world.deps, routing });
});
afterAll(() => world[Symbol.asyncDispose]());
beforeEach(async () => {
  await world.pool.query(`delete from group_role_bindings`);
});

type Rule = { readonly requestor?: PolicyRequestor; readonly approval?: readonly PolicyApproval[] };
const group = (directory: string, id: string) => ({ type: 'group', groups: [{ directory, id, label: id }], effect: 'keep' }) as const;
async function put(...rules: readonly Rule[]): Promise<void> {
  await world.pool.query('delete from policies');
  for (const [index, { requestor = { type: 'any' }, approval = [{ type: 'p0' }] }] of rules.entries())
    await world.pool.query(`insert into policies (org, name, document) values ('demo', $1, $2)`, [
      `rule ${index}`,
      { name: `rule ${index}`, requestor, resource: { type: 'any' }, approval },
    ]);
}
let asked = 0;
async function ask(name = 'bob') {
  asked += 1;
  const right = { service: 'pg', accessType: 'role', resource: 'readonly', integration: undefined };
  const draft = { right, reason: `${asked}`, duration: undefined, to: undefined };
  return useCases.submitRequest(await world.caller(name), draft);
}
async function approve(name: string) {
  const made = await ask();
  if (!made.ok) throw new Error(made.rejection.code);
  const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
  return useCases.decideRequest(await world.caller(name), made.value.request.id, verdict);
}

describe('a directory whose groups are in the file', () => {
  it('answers for those groups, under the name that Terraform knows', async () => {
    await put({ requestor: group('okta', '00g1') });
    expect(await ask('bob')).toMatchObject({ ok: true });
    expect(await ask('erin')).toMatchObject({ rejection: { code: 'not-allowed' } });
    await put({ approval: [group('okta', '00g1')] });
    expect(await approve('dave')).toMatchObject({ rejection: { code: 'not-approver' } });
  });

  it('keeps groups of one id in two directories apart', async () => {
    await put({ requestor: group('local', '00g1') });
    expect(await ask()).toMatchObject({ rejection: { code: 'not-allowed' } });
    await put({ requestor: group('local', '00g2') });
    expect(await ask()).toMatchObject({ ok: true });
  });

  it('says of others of its groups, and of profiles, that they are not there, never "no member"', async () => {
    for (const effect of ['keep', 'remove'] as const) {
      await put({ requestor: { ...group('okta', '00g2'), effect } });
      expect(await ask()).toEqual({ ok: false, rejection: { code: 'not-configured', what: 'The group okta/00g2' } });
    }
    await put({ approval: [{ type: 'requestor-profile', directory: 'okta' }] });
    expect(await ask()).toMatchObject({ rejection: { code: 'not-configured', what: 'The directory okta, as far as profiles go,' } });
  });
});

describe('a directory that is not configured', () => {
  const missing = { code: 'not-configured', what: 'The directory entra-id' };

  it('is said to be so, whether somebody asks or decides', async () => {
    await put({ requestor: group('entra-id', 'x') });
    expect(await ask()).toEqual({ ok: false, rejection: missing });
    await put({ approval: [group('entra-id', 'x')] });
    expect(await approve('dave')).toEqual({ ok: false, rejection: missing });
  });

  it('gives way to one that may answer in a moment', async () => {
    await put({ requestor: group('entra-id', 'x') }, { requestor: group('workspace', 'x') });
    expect(await ask()).toEqual({ ok: false, rejection: { code: 'unavailable', what: 'directory workspace' } });
    await put({ approval: [group('entra-id', 'x'), group('workspace', 'x')] });
    expect(await approve('dave')).toEqual({ ok: false, rejection: { code: 'unavailable', what: 'directory workspace' } });
  });

  it('gives nobody a role, and stops nobody who has it otherwise', async () => {
    const alice = await world.caller('alice', 'api');
    for (const name of ['entra-id/x', 'okta/00g9']) await useCases.roles.bind(alice, 'viewer', { kind: 'group', name });
    expect(await useCases.settings.read(await world.caller('erin', 'api'))).toMatchObject({ rejection: { code: 'role-required' } });
    await useCases.roles.bind(alice, 'viewer', { kind: 'group', name: 'okta/00g1' });
    expect(await useCases.settings.read(await world.caller('bob', 'api'))).toMatchObject({ ok: true });
  });

  it('is not one that does not answer: then whoever may have a role is told to try again', async () => {
    const alice = await world.caller('alice', 'api');
    await useCases.roles.bind(alice, 'viewer', { kind: 'group', name: 'workspace/x' });
    expect(await useCases.settings.read(await world.caller('erin', 'api'))).toMatchObject({
      rejection: { code: 'unavailable', what: 'directory' },
    });
  });
});

describe('an on-call service', () => {
  it('that is not configured has nobody on call, so other ways count', async () => {
    await put({ approval: [{ type: 'auto', integration: 'incidentio' }] });
    expect(await ask()).toMatchObject({ rejection: { code: 'nobody-can-approve' } });
    await put({ approval: [{ type: 'auto', integration: 'incidentio' }, { type: 'p0' }] });
    expect(await approve('carol')).toMatchObject({ ok: true });
    const escalation = { type: 'escalation', integration: 'incidentio', services: ['db'] } as const;
    await put({ approval: [escalation] });
    expect(await ask()).toMatchObject({ rejection: { code: 'nobody-can-approve' } });
    await put({ approval: [escalation, group('okta', '00g1')] });
    expect(await approve('dave')).toMatchObject({ rejection: { code: 'not-approver' } });
    const said = world.lines.filter(({ message }) => message.includes('nobody is on call'));
    expect(said.map(({ fields }) => fields)).toEqual([{ integration: 'incidentio' }]);
  });

  it('that does not answer is worth trying again', async () => {
    await put({ approval: [{ type: 'auto', integration: 'pagerduty' }, { type: 'p0' }] });
    expect(await ask()).toMatchObject({ rejection: { code: 'unavailable', what: 'on-call service pagerduty' } });
  });
});

it('a target that is not configured any more is said to be so', async () => {
  await put();
  const made = await ask();
  if (!made.ok) throw new Error(made.rejection.code);
  const without = createUseCases({ ...world.deps, integrations: { all: () => [], byName: () => undefined } });
  const verdict = { kind: 'approve', duration: undefined, digest: undefined } as const;
  expect(await without.decideRequest(await world.caller('carol'), made.value.request.id, verdict)).toEqual({
    ok: false,
    rejection: { code: 'not-configured', what: `The target ${made.value.request.permission.integration}` },
  });
  expect(org).toBe(made.value.request.org);
});
