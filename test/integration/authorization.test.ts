import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { everyScope, type Scope } from '../../src/domain/scope.ts';
import { call, createTable, must, type Name, people, type Service, type Table, unvouched } from '../support/authorization-table.ts';

/**
 * The authorization table for what is done with requests, as actor × operation × state under every kind of rule: every cell is
 * called over HTTP and by a button in Slack, and both must say what the rules below say. The rules are written down again
 * here on purpose, from the table in the notes and from ADR 6, rather than from the code. Asking, administering and the
 * audit log: see `authorization-admin.test.ts`.
 */
const buttons = ['approve', 'deny', 'revoke', 'relinquish', 'cancel', 'read'] as const;
const isButton = (operation: Operation): operation is (typeof buttons)[number] => operation !== 'extend' && operation !== 'escalate';
const operations = [...buttons, 'extend', 'escalate'] as const;
type Operation = (typeof operations)[number];
/** `ending`: it was taken away, and the target has not confirmed that yet. */
const states = ['pending', 'planned', 'active', 'ending', 'ended', 'failed', 'denied', 'cancelled', 'lapsed'] as const;
type State = (typeof states)[number];
/** Without `states`: all. What is left out differs from another subject only in who is who, which no state changes. */
type Subject = {
  readonly title: string;
  readonly requestor: Name;
  readonly principal: Name;
  readonly service: Service;
  readonly states?: readonly State[];
};
const ordinary: Subject = { title: 'by reviewers, bob for erin', requestor: 'bob', principal: 'erin', service: 'pg' };
const subjects: readonly Subject[] = [
  ordinary,
  { title: 'by reviewers, trudy for herself', requestor: 'trudy', principal: 'trudy', service: 'pg' },
  { title: 'by a group, bob for erin', requestor: 'bob', principal: 'erin', service: 'grp' },
  { title: 'by a group, dave (of it) for himself', requestor: 'dave', principal: 'dave', service: 'grp', states: ['pending', 'active'] },
  { title: 'by reviewers or one party, trudy for erin', requestor: 'trudy', principal: 'erin', service: 'one' },
  {
    title: 'by reviewers or one party, bob for carol',
    requestor: 'bob',
    principal: 'carol',
    service: 'one',
    states: ['pending', 'active'],
  },
];

const scopeOf: Record<Operation, Scope> = {
  approve: 'requests:decide',
  deny: 'requests:decide',
  revoke: 'requests:decide',
  relinquish: 'command',
  cancel: 'command',
  extend: 'command',
  escalate: 'command',
  read: 'requests:read',
};

const isReviewer = (name: Name): boolean => name === 'carol' || name === 'trudy';

/** Whom the rule of the service names. Being named is not enough where it is their own request. */
const isNamed = (name: Name, service: Service): boolean => (service === 'grp' ? name === 'carol' || name === 'dave' : isReviewer(name));

/** May this person do it, whatever the state? */
function isEntitled(name: Name, operation: Operation, { requestor, principal, service }: Subject): boolean {
  const isSelf = name === requestor || name === principal;
  // Where the rule has one party on, whom it names may decide about themselves as well; whom it does not name may not.
  const mayApprove = isNamed(name, service) && (!isSelf || service === 'one');
  switch (operation) {
    case 'approve':
      return mayApprove;
    case 'deny':
      // A reviewer whom the rule does not name cannot say yes, and can say no.
      return mayApprove || (isReviewer(name) && !isSelf);
    case 'revoke':
      return isSelf || mayApprove || isReviewer(name) || name === 'olga';
    case 'relinquish':
      return name === principal;
    case 'cancel':
      return name === requestor;
    case 'extend':
    case 'escalate':
      return isSelf;
    case 'read':
      return isSelf || mayApprove || isReviewer(name) || name === 'olga' || name === 'vic';
  }
}

function isPossible(operation: Operation, state: State, { service }: Subject): boolean {
  switch (operation) {
    case 'approve':
    case 'deny':
    case 'cancel':
      return state === 'pending';
    case 'escalate':
      // Only one rule names somebody on call.
      return state === 'pending' && service === 'pg';
    case 'extend':
      return state === 'active';
    case 'revoke':
    case 'relinquish':
      // Asking again for what is under way is no error.
      return state === 'planned' || state === 'active' || state === 'ending';
    case 'read':
      return true;
  }
}

/** Whoever may not read learns nothing; whoever may not do it is told so; only then the state matters. */
function expected(name: Name, operation: Operation, state: State, subject: Subject): number {
  if (!isEntitled(name, operation, subject)) return operation === 'read' ? 404 : 403;
  return isPossible(operation, state, subject) ? 200 : 400;
}

let table: Table;
let made = 0;

beforeAll(async () => {
  table = await createTable();
});
afterAll(() => table[Symbol.asyncDispose]());

const approve = (by: Name, { id }: PermissionRequest) =>
  table.world.useCases.decideRequest(table.by(by), id, { kind: 'approve', duration: undefined, digest: undefined });

/** A request in that state, made the way people make it. */
async function make(state: State, { requestor, principal, service }: Subject): Promise<PermissionRequest> {
  const { world, by } = table;
  const { useCases } = world;
  // Nothing that was left behind may take the target's refusal instead.
  await world.reconcile();
  const resource = state === 'failed' ? 'failing' : state === 'ending' ? 'lingering' : 'readonly';
  const right = { service, accessType: 'role', resource, integration: undefined };
  const draft = { right, reason: `cell ${made++}`, duration: undefined, to: `${principal}@example.com` };
  const { request } = must(await useCases.submitRequest(by(requestor), draft));
  const { id } = request;
  const reviewer = requestor === 'carol' || principal === 'carol' ? 'trudy' : 'carol';
  const now = async () => must(await useCases.readRequest(by(reviewer), id));
  switch (state) {
    case 'pending':
      return request;
    case 'cancelled':
      return must(await useCases.cancelRequest(by(requestor), id));
    case 'denied':
      return must(await useCases.decideRequest(by(reviewer), id, { kind: 'deny', reason: undefined }));
    case 'lapsed':
      await world.pool.query(
        `update requests set created_at = created_at - interval '9 weeks', approvable_until = approvable_until - interval '9 weeks' where id = $1`,
        [id],
      );
      await world.work.lapse();
      return now();
    case 'planned':
    case 'active':
    case 'ending':
    case 'ended':
    case 'failed':
      break;
  }
  const approved = must(await approve(reviewer, request));
  if (state === 'planned') return approved;
  const target = table.targets.get(service);
  if (state === 'failed') target?.faults.push({ kind: 'refused', permanent: true });
  await world.reconcile();
  if (state === 'failed' || state === 'active') return now();
  must(await useCases.relinquishGrant(by(principal), id));
  if (state === 'ending') target?.faults.push({ kind: 'lost' });
  await world.reconcile();
  return now();
}

/** What each state is called by the request itself: a cell is worth nothing where it was not in the state that it is named after. */
function stateOf({ state }: PermissionRequest): string {
  return state.kind === 'approved' ? state.grant.state.kind : state.kind;
}

/** One request of a kind is enough for all who are refused: a refusal changes nothing, and {@link rows} shows it. */
const kept = new Map<string, PermissionRequest>();
async function take(state: State, subject: Subject): Promise<PermissionRequest> {
  const key = `${state} ${subject.title}`;
  const request = kept.get(key) ?? (await make(state, subject));
  expect(stateOf(request)).toBe(state);
  kept.set(key, request);
  return request;
}
const drop = (state: State, subject: Subject): void => void kept.delete(`${state} ${subject.title}`);

async function rows(request: PermissionRequest): Promise<unknown> {
  const { rows: found } = await table.world.pool.query(
    `select to_jsonb(q) as request, to_jsonb(g) as given, (select count(*) from outbox where subject = q.id) as lines
     from requests q left join grants g on g.request_id = q.id where q.id = $1`,
    [request.id],
  );
  return found;
}

const bodies: Partial<Record<Operation, object>> = { approve: { expirationLength: '5m' }, extend: { duration: '5m' } };

async function overHttp(token: string | undefined, operation: Operation, { id }: PermissionRequest): Promise<number> {
  const path = `/permission-requests/${id}`;
  const { status } =
    operation === 'read'
      ? await call(table.app, token, 'GET', path)
      : await call(table.app, token, 'POST', `${path}/${operation}`, bodies[operation] ?? {});
  return status;
}

/** A real press of a button, in a window or a message, of a real Bolt app; whoever is refused is told so in private. */
const throughSlack = async (name: Name, operation: (typeof buttons)[number], request: PermissionRequest): Promise<number | undefined> =>
  (await table.slack.press(name, operation, request)).status;

for (const subject of subjects)
  for (const state of subject.states ?? states)
    describe(`${subject.title}, ${state}`, () => {
      for (const operation of operations)
        it(operation, async () => {
          for (const name of people)
            for (const door of [
              (request: PermissionRequest) => overHttp(name, operation, request),
              ...(isButton(operation) ? [(request: PermissionRequest) => throughSlack(name, operation, request)] : []),
            ]) {
              const request = await take(state, subject);
              const before = await rows(request);
              const status = await door(request);
              expect({ name, status }).toEqual({ name, status: expected(name, operation, state, subject) });
              if (status !== 200 || operation === 'read') expect(await rows(request)).toEqual(before);
              else drop(state, subject);
            }
        });
    });

describe('tokens', () => {
  it.each([undefined, 'unknown'])('nobody does anything with %s', async (token) => {
    const request = await take('pending', ordinary);
    for (const operation of operations) expect(await overHttp(token, operation, request)).toBe(401);
  });

  it('do only what their scope says, whoever they belong to', async () => {
    for (const operation of operations)
      for (const scope of everyScope) {
        const owner = operation === 'relinquish' ? 'erin' : operation === 'cancel' || !isButton(operation) ? 'bob' : 'carol';
        table.tokens.set('narrow', { ...table.by(owner), via: 'api', scopes: new Set([scope]) });
        const state = operation === 'revoke' || operation === 'relinquish' || operation === 'extend' ? 'active' : 'pending';
        const request = await take(state, ordinary);
        const status = await overHttp('narrow', operation, request);
        expect({ operation, scope, status }).toEqual({ operation, scope, status: scope === scopeOf[operation] ? 200 : 403 });
        if (status === 200) drop(state, ordinary);
      }
  });

  it('are no second person for whoever made them', async () => {
    const approves = async (request: PermissionRequest) => overHttp('made', 'approve', request);
    table.tokens.set('made', { ...table.by('carol'), via: 'api', key: 'some key', keyMakers: [table.by('bob').person.id] });
    expect(await approves(await take('pending', ordinary))).toBe(403);
    table.tokens.set('made', { ...table.by('carol'), via: 'api', key: 'some key', keyMakers: [table.by('olga').person.id] });
    expect(await approves(await take('pending', ordinary))).toBe(200);
    drop('pending', ordinary);
  });

  it('leave an event behind wherever they are refused', async () => {
    const request = await take('pending', ordinary);
    const before = (await table.world.audit()).length;
    expect(await overHttp('dave', 'approve', request)).toBe(403);
    expect((await table.world.audit()).slice(before)).toMatchObject([
      { action: 'refused', actor: { email: 'dave@example.com', via: 'api' }, data: { attempt: 'request.decide', code: 'not-approver' } },
    ]);
  });
});

describe('one party', () => {
  it.each([
    ['trudy', true],
    ['carol', undefined],
  ] as const)('is on record where the rule let it decide: %s', async (name, oneParty) => {
    for (const operation of ['approve', 'deny'] as const) {
      const request = await make('pending', { title: '', requestor: 'trudy', principal: 'erin', service: 'one' });
      expect(await overHttp(name, operation, request)).toBe(200);
      const event = (await table.world.audit()).at(-1);
      expect(event).toMatchObject({ actor: { email: `${name}@example.com` }, data: { policies: ['one'] } });
      expect(event?.data['oneParty']).toBe(oneParty);
    }
  });
});

describe('people whom Slack does not vouch for', () => {
  it.each(unvouched)('do nothing, and are told so: $name', async ({ name }) => {
    const request = await take('pending', ordinary);
    const before = await rows(request);
    for (const operation of buttons) {
      const { status, said } = await table.slack.press(name, operation, request);
      expect({ operation, status }).toEqual({ operation, status: undefined });
      expect(said).toMatch(/Guests|Only members|no confirmed e-mail/);
    }
    expect(await rows(request)).toEqual(before);
  });
});
