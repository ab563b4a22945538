import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Caller, Picture } from '../../src/app/ports.ts';
import type { Verdict } from '../../src/app/use-cases.ts';
import { parseDuration } from '../../src/domain/duration.ts';
import { posting } from '../../src/domain/posting.ts';
import type { PermissionRequest } from '../../src/domain/request.ts';
import { accept, reject } from '../../src/domain/result.ts';
import { instant } from '../../src/domain/time.ts';
import type { Target } from '../../src/sandbox/slack/driver.ts';
import { approved, hour, must, readable, someRequest, start } from '../support/http-app.ts';
import { type Mode, noHome, onePage, type RunningSlack, startSlackApp } from '../support/slack-app.ts';

const day = must(parseDuration('1d'));
const digest = '0123456789abcdef';
const end = instant(start + 3_600_000);
const pending = someRequest();
const active = approved({ kind: 'active', grantedAt: start, expiresAt: end });
const picture = (request: PermissionRequest): Picture => ({
  request,
  choice: request.state.kind === 'pending' ? { durations: [hour, day], digest } : undefined,
  approvers: ['Security reviewers'],
  usage: { command: 'psql -U bob sample', account: 'bob' },
  secretWaits: true,
});

/** Somebody whom a test may change without others noticing. */
const erin = { people: [{ id: 'U0ERIN001', name: 'erin' }] };

const textOf = (value: unknown): string => JSON.stringify(value);
const last = <T>(items: readonly T[]): T => must(items.at(-1));

async function told(running: RunningSlack, who: string, words: string): Promise<void> {
  const { workspace } = running.slack;
  await workspace.until(() =>
    workspace
      .as(who)
      .ephemerals()
      .some((message) => textOf(message).includes(words)),
  );
}
/** The window of this person, when it says so. */
const windowOf = (running: RunningSlack, who: string, words: string) => {
  const { workspace } = running.slack;
  return workspace.until(() =>
    workspace
      .as(who)
      .views()
      .find((view) => textOf(view.source).includes(words)),
  );
};
async function postApproval(running: RunningSlack, request: PermissionRequest = pending): Promise<Target> {
  const ref = await running.app.messenger.post(posting('approval'), picture(request), undefined);
  return must(
    running.slack.workspace
      .as('carol')
      .messages('approvals')
      .find(({ ts }) => ts === ref.ts),
  );
}

describe.each<Mode>(['socket', 'http'])('the Slack door over %s', (mode) => {
  it('carries out a complete command and answers in private', async () => {
    const seen: unknown[] = [];
    await using running = await startSlackApp(mode, {
      runCommand: async (caller, argv, program) => {
        seen.push({ email: caller.person.email, via: caller.via, argv, program });
        return accept({ kind: 'submitted', request: pending, isPreexisting: false, isPersistent: false, isPreapproved: false });
      },
    });
    await running.slack.workspace.as('bob').command('/access request pg role readonly --reason "look at orders" --duration 1h');
    await told(running, 'bob', 'Request made');
    expect(seen).toEqual([
      {
        email: 'bob@example.com',
        via: 'slack',
        argv: ['request', 'pg', 'role', 'readonly', '--reason', 'look at orders', '--duration', '1h'],
        program: '/access',
      },
    ]);
    expect(running.slack.workspace.as('carol').ephemerals()).toEqual([]);
  });

  it('gives the approver’s own choice of duration to the decision, and the digest of what was shown', async () => {
    const decisions: { caller: Caller; id: string; verdict: Verdict }[] = [];
    await using running = await startSlackApp(mode, {
      decideRequest: async (caller, id, verdict) => {
        decisions.push({ caller, id, verdict });
        return accept(active);
      },
    });
    const { workspace } = running.slack;
    const message = await postApproval(running);
    await workspace.as('carol').choose(message, 'duration', '86400');
    await workspace.as('carol').press(message, 'approve');
    await workspace.as('alice').press(message, 'approve');
    await workspace.as('alice').press(message, 'deny');
    const window = await workspace.until(() =>
      workspace
        .as('alice')
        .views()
        .find((view) => textOf(view.source).includes('Whoever asked reads it')),
    );
    await workspace.as('alice').submit(window, { reason: 'not now' });
    await expect.poll(() => decisions.length).toBe(3);
    expect(decisions.map(({ caller, id, verdict }) => [caller.person.email, id, verdict])).toEqual([
      ['carol@example.com', pending.id, { kind: 'approve', duration: day, digest }],
      ['alice@example.com', pending.id, { kind: 'approve', duration: hour, digest }],
      ['alice@example.com', pending.id, { kind: 'deny', reason: 'not now' }],
    ]);
  });

  it('redraws the message in place, without its buttons', async () => {
    await using running = await startSlackApp(mode, {});
    const ref = await running.app.messenger.post(posting('approval'), picture(pending), undefined);
    await running.app.messenger.redraw(posting('approval'), ref, picture(someRequest({ kind: 'lapsed', at: start })));
    const messages = running.slack.workspace.as('carol').messages('approvals');
    expect(messages).toHaveLength(1);
    expect(textOf(messages[0]?.blocks)).toContain('Lapsed');
    expect(textOf(messages[0]?.blocks)).not.toContain('"button"');
    expect(messages[0]?.metadata).toEqual({
      event_type: 'curfew_request',
      event_payload: { request: pending.id, posting: 'approval' },
    });
    expect(running.slack.workspace.warnings).toEqual([]);
  });
});

describe('the Slack door', () => {
  it.each([
    ['own-request', reject({ code: 'own-request' }), 'You cannot decide a request'],
    ['stale-picture', reject({ code: 'stale-picture' }), 'Something changed'],
    ['already-decided', reject({ code: 'already-decided', status: 'denied', by: 'alice@example.com' }), 'alice@example.com was faster'],
  ])('tells a refusal (%s) to the one who pressed, and leaves the message', async (_code, refusal, words) => {
    await using running = await startSlackApp('socket', { decideRequest: async () => refusal });
    const message = await postApproval(running);
    const before = textOf(message.blocks);
    await running.slack.workspace.as('bob').press(message, 'approve');
    await told(running, 'bob', words);
    expect(running.slack.workspace.as('carol').ephemerals()).toEqual([]);
    expect(textOf(last(running.slack.workspace.as('carol').messages('approvals')).blocks)).toBe(before);
  });

  it('trusts nothing of a button but an id', async () => {
    await using running = await startSlackApp('http', { decideRequest: async () => reject({ code: 'not-approver' }) });
    const { workspace } = running.slack;
    const message = await postApproval(running);
    await workspace.as('carol').press(message, 'approve');
    const pressed = last(workspace.sent.filter(({ type }) => type === 'interactive'));
    const forged = JSON.parse(
      textOf(pressed)
        .replaceAll(`${pending.id}.${digest}`, `' or 1=1 --`)
        .replaceAll(/"trigger_id":"[^"]*"/g, '"trigger_id":"1.2.forged"'),
    );
    expect(await workspace.deliver(forged)).toMatchObject({ kind: 'acked' });
    await told(running, 'carol', 'There is no such request');
  });

  it.each([
    ['a guest', { isRestricted: true }, 'Guests'],
    ['a single-channel guest', { isUltraRestricted: true }, 'Guests'],
    ['somebody deactivated', { deleted: true }, 'deactivated'],
    ['a bot', { isBot: true }, 'bots'],
    ['somebody of another workspace', { teamId: 'T0OTHER01' }, 'Only members'],
    ['somebody without an address', { email: '' }, 'no confirmed e-mail'],
  ])('refuses %s at the click, whatever the account was before', async (_who, patch, words) => {
    await using running = await startSlackApp('socket', { decideRequest: async () => reject({ code: 'not-approver' }) }, 'approvals', erin);
    const { workspace } = running.slack;
    const message = await postApproval(running);
    await workspace.as('erin').press(message, 'approve');
    await told(running, 'erin', 'You may not decide');
    await workspace.changePerson('erin', patch);
    // Slack itself would not let some of them press; the payload is repeated as another press.
    const pressed = last(workspace.sent.filter(({ type }) => type === 'interactive'));
    await workspace.deliver({ ...pressed, payload: { ...pressed.payload, trigger_id: 'another.press' } });
    await told(running, 'erin', words);
  });

  it('does a thing that is delivered twice once', async () => {
    let decisions = 0;
    await using running = await startSlackApp('socket', {
      decideRequest: async () => {
        decisions += 1;
        return reject({ code: 'not-approver' });
      },
    });
    const { workspace } = running.slack;
    const message = await postApproval(running);
    await workspace.as('carol').press(message, 'approve');
    await told(running, 'carol', 'You may not decide');
    expect(await workspace.deliver(last(workspace.sent))).toMatchObject({ kind: 'acked' });
    await expect.poll(() => running.logged.filter(({ message: line }) => line.includes('came twice')).length).toBe(1);
    expect(decisions).toBe(1);
  });

  it('tells a fault as a reference that is in the log, and nothing of what happened', async () => {
    await using running = await startSlackApp('socket', {
      runCommand: async () => {
        throw new Error('relation "secrets" does not exist');
      },
    });
    await running.slack.workspace.as('bob').command('/access ls pg role');
    await told(running, 'bob', 'the reference is');
    const said = textOf(running.slack.workspace.as('bob').ephemerals());
    const [, reference] = /reference is ([0-9a-f]{8})/.exec(said) ?? [];
    expect(said).not.toContain('relation');
    expect(running.logged.find(({ level }) => level === 'error')?.fields).toMatchObject({ reference });
  });

  it('answers a command that cannot be read with what is wrong and the usage', async () => {
    await using running = await startSlackApp('socket', {});
    await running.slack.workspace.as('bob').command('/access request pg "role');
    await told(running, 'bob', 'A quote is not closed');
  });

  it('turns a mention into an address', async () => {
    const seen: (readonly string[])[] = [];
    await using running = await startSlackApp('socket', {
      runCommand: async (_caller, argv) => {
        seen.push(argv);
        return accept({ kind: 'help', text: 'help' });
      },
    });
    await running.slack.workspace.as('bob').command('/access grant pg role readonly --to @dave');
    await told(running, 'bob', 'help');
    expect(seen).toEqual([['grant', 'pg', 'role', 'readonly', '--to', 'dave@example.com']]);
  });

  it('shows a password in a window and nowhere else', async () => {
    const password = 'correct-horse-battery-staple';
    const asked: string[] = [];
    await using running = await startSlackApp('socket', {
      revealSecret: async (caller) => {
        asked.push(caller.person.email);
        return caller.person.email === 'bob@example.com'
          ? accept({ usage: must(picture(active).usage), password })
          : reject({ code: 'not-yours' });
      },
    });
    await running.app.messenger.post(posting('access'), picture(active), undefined);
    const { workspace } = running.slack;
    const [message] = workspace.as('bob').dm();
    await workspace.as('bob').press(must(message), 'show_secret');
    await windowOf(running, 'bob', password);
    expect(asked).toEqual(['bob@example.com']);
    const written = [...workspace.state.channels.values()].flatMap((channel) => channel.messages);
    expect(textOf(written)).not.toContain(password);
    expect(textOf(running.logged)).not.toContain(password);
  });

  it('opens the receipt of access that has ended', async () => {
    const over = approved({
      kind: 'ended',
      end: { kind: 'expired', at: start },
      evidence: { observedAt: instant(start + 420), leftInPlace: undefined, sessionsEnded: 0, sessionsMayGoOn: true },
    });
    const hash = 'ab'.repeat(32);
    const events = [
      { seq: 7, hash, time: '', action: 'grant.ended', actor: { kind: 'system' }, request: over.id, grant: undefined, data: {} },
    ] as const;
    const grant = { account: 'bob', latestEnd: start, grantedAt: start, expiresAt: start, latenessMs: 420, lastCall: undefined };
    await using running = await startSlackApp('socket', {
      history: {
        ...readable(over).history,
        receipt: async (caller) =>
          caller.person.email === 'bob@example.com'
            ? accept({ request: over, now: start, grant: { ...grant, said: { given: undefined, gone: { membership: 'none' } } }, events })
            : reject({ code: 'not-found' }),
      },
    });
    await running.app.messenger.post(posting('ended'), picture(over), undefined);
    const { workspace } = running.slack;
    const [message] = workspace.as('bob').dm();
    expect(textOf(message)).toContain('may go on until they close by themselves');
    await workspace.as('bob').press(must(message), 'receipt');
    await windowOf(running, 'bob', `7 grant.ended ${hash}`);
    await windowOf(running, 'bob', 'membership: none');
    await windowOf(running, 'bob', '"0.4 s"');
  });

  it.each([
    ['relinquish', 'access', active],
    ['cancel', 'request', pending],
    ['revoke', 'approval', active],
  ] as const)('hands %s on to its use case', async (action, slot, request) => {
    const calls: unknown[] = [];
    const note = (name: string) => async (caller: Caller, id: string) => {
      calls.push([name, caller.person.email, id]);
      return accept(request);
    };
    await using running = await startSlackApp('socket', {
      relinquishGrant: note('relinquish'),
      cancelRequest: note('cancel'),
      revokeGrant: note('revoke'),
    });
    await running.app.messenger.post(posting(slot), picture(request), undefined);
    const bob = running.slack.workspace.as('bob');
    const [message] = slot === 'approval' ? bob.messages('approvals') : bob.dm();
    await bob.press(must(message), action);
    await expect.poll(() => calls).toEqual([[action, 'bob@example.com', request.id]]);
  });

  it('has a home tab from which one reviews, approves and gives back', async () => {
    const verdicts: Verdict[] = [];
    const given: string[] = [];
    await using running = await startSlackApp('http', {
      home: async () => ({ ...noHome, waiting: onePage([pending]), access: onePage([active]) }),
      pictureOf: async () => accept(picture(pending)),
      decideRequest: async (_caller, _id, verdict) => {
        verdicts.push(verdict);
        return accept(active);
      },
      relinquishGrant: async (_caller, id) => {
        given.push(id);
        return accept(active);
      },
    });
    const { workspace } = running.slack;
    await workspace.as('carol').openHome();
    const home = await workspace.until(() => workspace.as('carol').home());
    expect(textOf(home.source)).toContain('Waiting for you');
    await workspace.as('carol').press(home, 'review');
    const review = await windowOf(running, 'carol', 'Approve for');
    await workspace.as('carol').submit(review, { asked_duration: '86400' });
    expect(verdicts).toEqual([{ kind: 'approve', duration: day, digest }]);
    await windowOf(running, 'carol', 'Active');
    await workspace.as('carol').press(must(workspace.as('carol').home()), 'relinquish');
    await expect.poll(() => given).toEqual([active.id]);
  });

  it('tells somebody who may not use it on their home tab too', async () => {
    await using running = await startSlackApp('socket', {}, 'approvals', erin);
    const { workspace } = running.slack;
    await workspace.changePerson('erin', { isRestricted: true });
    await workspace.as('erin').openHome();
    const home = await workspace.until(() => workspace.as('erin').home());
    expect(textOf(home.source)).toContain('Guests of this workspace');
  });

  it('is ready while its socket is open', async () => {
    const running = await startSlackApp('socket', {});
    expect(running.app.isReady()).toBe(true);
    for (let refused = 0; refused < 6; refused++) running.slack.workspace.faults.next('apps.connections.open', { status: 500 });
    running.slack.workspace.disconnectSockets('cut');
    await expect.poll(() => running.app.isReady()).toBe(false);
    await expect.poll(() => running.app.isReady(), { timeout: 8_000 }).toBe(true);
    await running[Symbol.asyncDispose]();
    expect(running.app.isReady()).toBe(false);
  });
});

describe('messages', () => {
  it('find the approval channel by name, by name with a hash and by id', async () => {
    for (const channel of ['approvals', '#approvals', 'C0APPROVAL']) {
      await using running = await startSlackApp('http', {}, channel);
      expect(await running.app.messenger.post(posting('approval'), picture(pending), undefined)).toMatchObject({ channel: 'C0APPROVAL' });
    }
  });

  it('go to no channel that is missing or shared with another company', async () => {
    await using missing = await startSlackApp('http', {}, 'nowhere');
    await expect(missing.app.messenger.post(posting('approval'), picture(pending), undefined)).rejects.toThrow(
      'there is no channel nowhere',
    );
    const channels = [{ id: 'C0SHARED01', name: 'partners', members: ['U0CURFEW1'], isExtShared: true }];
    await using shared = await startSlackApp('http', {}, 'partners', { channels });
    await expect(shared.app.messenger.post(posting('approval'), picture(pending), undefined)).rejects.toThrow(
      'shared with another company',
    );
  });

  it('that are gone are no error, and every other trouble is one', async () => {
    await using running = await startSlackApp('http', {});
    const ref = await running.app.messenger.post(posting('request'), picture(pending), undefined);
    await running.app.messenger.redraw(posting('request'), { ...ref, ts: '1700000000.000001' }, picture(pending));
    running.slack.workspace.faults.next('chat.update', { error: 'fatal_error' });
    await expect(running.app.messenger.redraw(posting('request'), ref, picture(pending))).rejects.toThrow('fatal_error');
  });
});

describe('a request at the HTTP entrance', () => {
  const entered = async () => {
    const seen: string[] = [];
    const running = await startSlackApp('http', {
      runCommand: async (_caller, argv) => {
        seen.push(argv.join(' '));
        return accept({ kind: 'help', text: 'help' });
      },
    });
    await running.slack.workspace.as('bob').command('/access ls pg role');
    await told(running, 'bob', 'help');
    seen.length = 0;
    const delivery = last(running.slack.workspace.sent);
    const again = (text = 'status') => ({ ...delivery, payload: { ...delivery.payload, text, trigger_id: `another.${text}` } });
    return { running, seen, delivery, again };
  };
  const now = () => Math.floor(Date.now() / 1000);

  it.each([
    ['signed with another secret', () => ({ signingSecret: 'somebody-else' })],
    ['with another body than was signed', () => ({ tamperedBody: 'command=%2Faccess&text=ls' })],
    ['six minutes old', () => ({ timestampSeconds: now() - 360 })],
    ['two minutes ahead', () => ({ timestampSeconds: now() + 120 })],
    ['ten years ahead', () => ({ timestampSeconds: now() + 315_360_000 })],
  ])('is refused without effect when %s', async (_what, tweaks) => {
    const { running, seen, again } = await entered();
    await using _running = running;
    expect(await running.slack.workspace.deliver(again(), tweaks())).toMatchObject({ kind: 'failed', status: 401 });
    expect(seen).toEqual([]);
  });

  it('is taken once and refused when it comes again', async () => {
    const { running, seen, again } = await entered();
    await using _running = running;
    const stamp = { timestampSeconds: now() };
    expect(await running.slack.workspace.deliver(again(), stamp)).toMatchObject({ kind: 'acked' });
    expect(await running.slack.workspace.deliver(again(), stamp)).toMatchObject({ kind: 'failed', status: 401 });
    await expect.poll(() => seen).toEqual(['status']);
  });

  it('is answered as often as somebody types the same within a second, and refused when it is recorded and comes later', async () => {
    const { running, delivery } = await entered();
    await using _running = running;
    const { user_id: id, team_id: team } = delivery.payload;
    const typed = (timestampSeconds: number) =>
      running.slack.workspace.deliver(
        // All that Slack sends of it: nothing in it differs from one time to the next.
        {
          type: 'interactive',
          payload: {
            type: 'block_suggestion',
            user: { id },
            team: { id: team },
            action_id: 'form_resource',
            block_id: 'resource',
            value: 'ord',
          },
        },
        { timestampSeconds },
      );
    const stamp = now();
    for (const _each of [1, 2, 3]) expect(await typed(stamp)).toMatchObject({ kind: 'acked' });
    const recorded = now() - 60;
    expect(await typed(recorded)).toMatchObject({ kind: 'acked' });
    expect(await typed(recorded)).toMatchObject({ kind: 'failed', status: 401 });
  });

  it('is refused when it is an ssl_check, signed or not', async () => {
    const { running, seen, delivery } = await entered();
    await using _running = running;
    expect(
      await running.slack.workspace.deliver({ type: 'slash_commands', payload: { ...delivery.payload, ssl_check: '1' } }),
    ).toMatchObject({ status: 401 });
    const unsigned = await fetch(running.slack.http.url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'ssl_check=1&command=/access&text=ls',
    });
    expect(unsigned.status).toBe(401);
    expect(seen).toEqual([]);
  });

  it.each([
    ['no signature', {}],
    ['a time that is none', { 'x-slack-signature': 'v0=00', 'x-slack-request-timestamp': 'now' }],
    ['an empty signature', { 'x-slack-signature': '', 'x-slack-request-timestamp': String(now()) }],
  ])('is refused with %s', async (_what, headers) => {
    await using running = await startSlackApp('http', {});
    const answer = await fetch(running.slack.http.url, { method: 'POST', headers, body: '{}' });
    expect(answer.status).toBe(401);
    expect(await answer.text()).toBe('');
  });

  it('is refused when it is too large, elsewhere or of another method', async () => {
    await using running = await startSlackApp('http', {});
    const { url } = running.slack.http;
    expect((await fetch(url, { method: 'POST', body: 'x'.repeat(1_000_001) })).status).toBe(413);
    expect((await fetch(url.replace('/events', '/other'), { method: 'POST', body: '{}' })).status).toBe(404);
    expect((await fetch(url)).status).toBe(404);
  });

  it('is understood with a charset beside its type, and refused where it is Slack’s but no payload', async () => {
    await using running = await startSlackApp('http', {});
    const post = (body: string, type: string) => {
      const stamp = String(now());
      const signature = `v0=${createHmac('sha256', 'a-signing-secret-of-tests').update(`v0:${stamp}:${body}`).digest('hex')}`;
      const headers = { 'content-type': type, 'x-slack-signature': signature, 'x-slack-request-timestamp': stamp };
      return fetch(running.slack.http.url, { method: 'POST', headers, body });
    };
    const verified = await post('{"type":"url_verification","challenge":"abc"}', 'application/json');
    expect(await verified.json()).toEqual({ challenge: 'abc' });
    const charset = await post(
      'payload=%7B%22type%22%3A%22url_verification%22%2C%22challenge%22%3A%22d%22%7D',
      'application/x-www-form-urlencoded; charset=utf-8',
    );
    expect(await charset.json()).toEqual({ challenge: 'd' });
    for (const body of ['null', '[]', '1', '{', '']) expect((await post(body, 'application/json')).status).toBe(400);
    expect((await post('payload=null', 'application/x-www-form-urlencoded')).status).toBe(400);
  });
});
