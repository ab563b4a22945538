import { describe, expect, it, vi } from 'vitest';
import { createWork } from '../../src/app/index.ts';
import type { FailedStep } from '../../src/app/steps-store.ts';
import type { StepEnd } from '../../src/domain/step.ts';
import { must } from '../support/http-app.ts';
import { approvalOf, expectNoComplaints } from '../support/journey.ts';
import { startCurfew } from '../support/running-curfew.ts';
import { accept } from '../../src/domain/result.ts';
import { type RunningSlack, startSlackApp } from '../support/slack-app.ts';
import { createWorld, org } from '../support/world.ts';

const step = 'request_access_step';

describe.each(['socket', 'http'] as const)('a step of a workflow by %s', (transport) => {
  it('asks for the person that it names, and ends with the decision', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
    const inputs = { requester: bob.id, resource: 'pg role readonly', duration: '1h', reason: 'first day <!channel>' };
    const run = await workspace.runStep(step, inputs);
    const approval = await approvalOf(workspace, 'Written by a workflow: first day');
    expect(JSON.stringify(approval.blocks)).toContain('bob@example.com');
    expect(run.state).toBe('running');

    // Slack delivers it again: it is the same request.
    const again = must(workspace.sent.findLast((sent) => JSON.stringify(sent).includes(run.id)));
    const other = JSON.parse(JSON.stringify(again).replace(/"event_id":"[^"]*"/, '"event_id":"Ev0AGAIN"')) as typeof again;
    await workspace.deliver(other);
    const { rows: requests } = await product.curfew.pool.query('select id, state from requests');
    expect(requests).toEqual([{ id: expect.any(String), state: 'pending' }]);

    await alice.press(approval, 'approve');
    await workspace.until(() => run.state === 'completed', 10_000);
    expect(run.outputs).toEqual({ decision: 'approved', request_id: requests[0].id });
    expectNoComplaints(product);
  });

  it('fails with a sentence where access cannot be asked for', async () => {
    await using product = await startCurfew({
      transport,
      slack: { people: [{ id: 'U0GUEST01', name: 'guest', isRestricted: true }] },
    });
    const { workspace } = product;
    const bob = workspace.as('bob').id;
    const failed = async (inputs: Record<string, string>): Promise<string> => {
      const run = await workspace.runStep(step, inputs);
      await workspace.until(() => run.state === 'failed', 10_000);
      return run.error;
    };
    const resource = 'pg role readonly';
    expect(await failed({ requester: workspace.as('guest').id, resource })).toContain('Guests of this workspace');
    expect(await failed({ requester: 'U0NOBODY1', resource })).toContain('Only members of this workspace');
    expect(await failed({ requester: bob, resource: 'pg role nothing' })).toContain('nothing');
    expect(await failed({ requester: bob, resource: `${resource} --to alice@example.com` })).toContain('--to');
    expect(await failed({ requester: bob, resource: '--help' })).toContain('Write a right');
    expect(await failed({ requester: bob, resource: `${resource} --reason "in bob's own words"` })).toContain('--reason');
    expect(await failed({ requester: bob, resource: `${resource} --duration=1h` })).toContain('--duration');
    expect(await failed({ requester: bob, resource, duration: '1000d' })).toContain('maximum');
    expect(await failed({ requester: bob, resource, reason: 'x'.repeat(3000) })).toContain('1000');
    expect((await product.curfew.pool.query('select from requests')).rowCount).toBe(0);
  });

  it('ends where the reply of Slack was lost', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const [alice, bob] = [workspace.as('alice'), workspace.as('bob')];
    const run = await workspace.runStep(step, { requester: bob.id, resource: 'pg role readonly', reason: 'lost' });
    const approval = await approvalOf(workspace, 'Written by a workflow: lost');
    workspace.faults.next('functions.completeSuccess', { lostReply: true });
    await alice.press(approval, 'approve');
    await workspace.until(() => run.state === 'completed', 10_000);
    const told = async () => (await product.curfew.pool.query('select from steps where told_at is not null')).rowCount;
    await expect.poll(told, { timeout: 30_000 }).toBe(1);
  });
});

const referenceIn = ({ logged }: RunningSlack): string =>
  must(must(logged.map(({ fields }): { reference?: string } => fields).find((fields) => 'reference' in fields)).reference);

/** As Slack does minutes later: what comes twice in one second, over HTTP, is refused before it is read. */
const redeliver = ({ slack: { workspace } }: RunningSlack, attempt: number) =>
  workspace.deliver(must(workspace.sent.at(-1)), {
    retry: { attempt, reason: 'http_timeout' },
    timestampSeconds: Math.floor(Date.now() / 1000) + attempt,
  });

describe.each(['socket', 'http'] as const)('a step that cannot begin now, by %s', (transport) => {
  /** Each delivery is `away` or not, in their order; afterwards nothing is. */
  const begin = async (away: boolean[], isKept = true) => {
    const begun: string[] = [];
    const failed: FailedStep[] = [];
    const running = await startSlackApp(transport, {
      steps: {
        begin: async (_caller, { execution }) => {
          if (away.shift() === true) throw new Error('the database is away');
          begun.push(execution);
          return accept(undefined);
        },
        fail: async (_org, step) => {
          if (!isKept) throw new Error('the database is away');
          failed.push(step);
        },
      },
    });
    const { workspace } = running.slack;
    const run = await workspace.runStep(step, { requester: workspace.as('bob').id, resource: 'pg role readonly' });
    const again = (attempt: number) => redeliver(running, attempt);
    return { running, run, begun, failed, again, [Symbol.asyncDispose]: () => running[Symbol.asyncDispose]() };
  };

  it('begins when Slack delivers it again', async () => {
    await using waiting = await begin([true]);
    const { run, begun } = waiting;
    await expect.poll(() => begun, { timeout: 10_000 }).toEqual([run.id]);
    expect(run.state).toBe('running');
  });

  it('begins when it could not be told who is asked for', async () => {
    await using running = await startSlackApp(transport, { steps: { begin: async () => accept(undefined), fail: async () => undefined } });
    const { workspace } = running.slack;
    const taken = vi.spyOn(workspace.faults, 'take');
    for (let each = 0; each < 3; each++) workspace.faults.next('users.info', { status: 500 });
    const run = await workspace.runStep(step, { requester: workspace.as('bob').id, resource: 'pg role readonly' });
    await expect.poll(() => taken.mock.calls.flat().filter((method) => method === 'users.info').length, { timeout: 10_000 }).toBe(4);
    expect(run.state).toBe('running');
  });

  it('fails with a reference where the last delivery comes to nothing as well', async () => {
    await using waiting = await begin([true, true, true, true]);
    const { running, begun, failed, again } = waiting;
    expect(await again(2)).toEqual({ kind: 'timeout' });
    expect(failed).toEqual([]);
    expect(await again(3)).toMatchObject({ kind: 'acked' });
    const reference = referenceIn(running);
    expect(failed).toEqual([{ execution: waiting.run.id, why: expect.stringContaining(reference) }]);
    expect(begun).toEqual([]);
  });

  it('fails at once where that cannot be put down either', async () => {
    await using waiting = await begin([true, true, true, true], false);
    const { running, run, again } = waiting;
    expect(await again(2)).toEqual({ kind: 'timeout' });
    expect(run.state).toBe('running');
    expect(await again(3)).toMatchObject({ kind: 'acked' });
    expect(run).toMatchObject({ state: 'failed', error: expect.stringContaining(referenceIn(running)) });
  });

  it('fails with its reason whenever Slack takes it, and Slack need not deliver it again', async () => {
    await using product = await startCurfew({ transport });
    const { workspace } = product;
    const taken = vi.spyOn(workspace.faults, 'take');
    const tries = () => taken.mock.calls.flat().filter((method) => method === 'functions.completeError').length;
    workspace.faults.every('functions.completeError', { status: 500 });
    const run = await workspace.runStep(step, { requester: 'U0NOBODY1', resource: 'pg role readonly' });
    await expect.poll(tries, { timeout: 10_000 }).toBe(1);
    expect(run.state).toBe('running');
    expect(workspace.sent.filter((sent) => JSON.stringify(sent).includes(run.id))).toHaveLength(1);
    workspace.faults.every('functions.completeError', undefined);
    await product.curfew.pool.query('update steps set try_at = now()');
    await workspace.until(() => run.state === 'failed', 10_000);
    expect(run.error).toContain('Only members of this workspace');
    expect(product.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });
});

describe('a step that waits', () => {
  const wish = (execution: string) => ({ execution, right: 'pg role readonly', duration: undefined, reason: undefined });

  it('is told by whoever works after a restart, and once', async () => {
    await using world = await createWorld();
    const bob = await world.caller('bob');
    await expect(world.useCases.steps.begin(bob, wish('Fx1'))).resolves.toMatchObject({ ok: true });
    const [request] = (await world.useCases.home(bob)).requests.requests;
    const { id } = must(request);
    const ends: [string, StepEnd][] = [];
    let isAway = true;
    const endStep = async (execution: string, end: StepEnd): Promise<void> => {
      if (isAway) throw new Error('Slack is away');
      ends.push([execution, end]);
    };
    const work = () => createWork({ ...world.deps, messenger: { ...world.messenger, endStep }, jobs: world.jobs, hands: world.hands });
    await work().notify(id);
    await world.useCases.decideRequest(await world.caller('carol'), id, { kind: 'deny', reason: undefined });
    await expect(work().notify(id)).rejects.toThrow('Slack is away');
    isAway = false;
    await work().notify(id);
    await world.store.wakeNotice(world.deps.org, id);
    await work().notify(id);
    expect(ends).toEqual([['Fx1', { kind: 'decided', decision: 'denied', request: id }]]);

    // Whoever delivers it again learns nothing new, and asks for nothing again.
    await world.useCases.steps.begin(bob, wish('Fx1'));
    expect((await world.useCases.home(bob)).requests.requests).toHaveLength(1);
    const events = (await world.audit()).filter(({ action }) => action === 'step.begun');
    expect(events).toMatchObject([{ actor: { email: 'bob@example.com' }, data: { execution: 'Fx1' } }]);
  });

  it('is told that it failed until the workflow has heard it, for a week, and asks for nothing any more', async () => {
    await using world = await createWorld();
    const ends: [string, StepEnd][] = [];
    let isAway = true;
    const endStep = async (execution: string, end: StepEnd): Promise<void> => {
      ends.push([execution, end]);
      if (isAway) throw new Error('Slack is away');
    };
    const work = () => createWork({ ...world.deps, messenger: { ...world.messenger, endStep }, jobs: world.jobs, hands: world.hands });
    const later = (interval: string) =>
      world.pool.query('update steps set try_at = try_at - $1::interval, failed_at = failed_at - $1::interval', [interval]);
    const told = async (): Promise<string[]> => {
      // Two workers at the same time.
      await Promise.all([work().endSteps(), work().endSteps()]);
      return ends.splice(0).map(([execution, end]) => `${execution} ${end.kind === 'failed' ? end.why : end.kind}`);
    };
    const { steps } = world.useCases;
    await steps.fail(org, { execution: 'Fx6', why: 'There is no such role.' });
    await steps.fail(org, { execution: 'Fx6', why: 'Another reason.' });
    expect(await told()).toEqual(['Fx6 There is no such role.']);
    expect(await told()).toEqual([]);
    await later('31 seconds');
    isAway = false;
    expect(await told()).toEqual(['Fx6 There is no such role.']);
    await later('31 seconds');
    expect(await told()).toEqual([]);
    await steps.fail(org, { execution: 'Fx7', why: 'Late.' });
    await later('8 days');
    expect(await told()).toEqual([]);

    const bob = await world.caller('bob');
    expect(await steps.begin(bob, wish('Fx6'))).toMatchObject({ ok: true });
    expect((await world.pool.query('select from requests')).rowCount).toBe(0);
    // The other way round it waits for its request.
    await steps.begin(bob, wish('Fx8'));
    await steps.fail(org, { execution: 'Fx8', why: 'Delivered twice.' });
    expect(await told()).toEqual([]);
  });

  it('is on record together with its request or not at all, so that a second delivery makes no second request', async () => {
    await using world = await createWorld();
    const [bob, carol] = [await world.caller('bob'), await world.caller('carol')];
    await world.pool.query(`alter table steps add constraint nothing_fits check (execution <> 'Fx5')`);
    await expect(world.useCases.steps.begin(bob, wish('Fx5'))).rejects.toThrow('nothing_fits');
    // Whoever sees it decides, before Slack delivers the step again.
    for (const { id } of (await world.useCases.home(bob)).requests.requests)
      await world.useCases.decideRequest(carol, id, { kind: 'deny', reason: undefined });
    await world.pool.query('alter table steps drop constraint nothing_fits');
    await Promise.all([1, 2, 3].map(() => world.useCases.steps.begin(bob, wish('Fx5'))));
    const { rows } = await world.pool.query<{ ofStep: boolean }>(
      'select exists (select from steps s where s.request_id = q.id) as "ofStep" from requests q',
    );
    expect(rows).toEqual([{ ofStep: true }]);
  });

  it('is told at once where nobody has to decide, though all was told before it began to wait', async () => {
    await using world = await createWorld();
    await world.pool.query(`insert into policies (org, name, document) values ('demo', 'standing', $1)`, [
      { name: 'standing', requestor: { type: 'any' }, resource: { type: 'any' }, approval: [{ type: 'persistent' }] },
    ]);
    const bob = await world.caller('bob');
    const asked = await world.useCases.runCommand(bob, ['request', 'pg', 'role', 'readonly'], '/access');
    if (!asked.ok || asked.value.kind !== 'submitted') throw new Error(JSON.stringify(asked));
    const { id } = asked.value.request;
    await world.reconcile();
    await world.work.notify(id);
    const lines = async () => (await world.pool.query(`select from outbox where kind = 'notify' and subject = $1`, [id])).rowCount;
    expect(await lines()).toBe(0);
    await world.useCases.steps.begin(bob, wish('Fx3'));
    expect(await lines()).toBe(1);
    const ends: StepEnd[] = [];
    const messenger = { ...world.messenger, endStep: async (_: string, end: StepEnd) => void ends.push(end) };
    await createWork({ ...world.deps, messenger, jobs: world.jobs, hands: world.hands }).notify(id);
    expect(ends).toEqual([{ kind: 'decided', decision: 'approved', request: id }]);
  });

  it('is marked as written by a workflow also where it gives no reason', async () => {
    await using world = await createWorld();
    const bob = await world.caller('bob');
    const begun = await world.useCases.steps.begin(bob, { ...wish('Fx4'), right: 'pg role readonly --integration sample' });
    expect(begun).toMatchObject({ ok: true });
    const [request] = (await world.useCases.home(bob)).requests.requests;
    expect(must(request).reason).toBe('Written by a workflow');
  });

  it('fails when its request lapses', async () => {
    await using world = await createWorld();
    const bob = await world.caller('bob');
    await world.useCases.steps.begin(bob, wish('Fx2'));
    const [request] = (await world.useCases.home(bob)).requests.requests;
    await world.passTime('15 days');
    await world.work.lapse();
    const ends: StepEnd[] = [];
    const messenger = { ...world.messenger, endStep: async (_: string, end: StepEnd) => void ends.push(end) };
    await createWork({ ...world.deps, messenger, jobs: world.jobs, hands: world.hands }).notify(must(request).id);
    expect(ends).toEqual([{ kind: 'failed', why: 'Nobody decided about the request in time.' }]);
  });
});
