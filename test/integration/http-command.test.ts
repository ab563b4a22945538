import { describe, expect, it } from 'vitest';
import type { Reply, UseCases } from '../../src/app/use-cases.ts';
import { accept, reject, type Rejection } from '../../src/domain/result.ts';
import { instant } from '../../src/domain/time.ts';
import { approved, bob, hour, httpApp, key, requestId, someRequest, start } from '../support/http-app.ts';

const body = { argv: ['request', 'pg', 'role', 'readonly', '--reason', 'need it'], scriptName: 'p0' };

async function post(overrides: Partial<UseCases>, payload: unknown = body, url = '/o/demo/command/') {
  const { app } = await httpApp(overrides);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  return app.inject({ method: 'POST', url, headers, payload: JSON.stringify(payload) });
}
const answering = (reply: Reply): Partial<UseCases> => ({ runCommand: async () => accept(reply) });
const refusing = (rejection: Rejection): Partial<UseCases> => ({ runCommand: async () => reject(rejection) });

describe('a command', () => {
  it('reaches the use case as it was sent, as the person behind the key', async () => {
    const seen: unknown[] = [];
    const argv = ['request', 'a b', '--x=007', '"q"', 'zwei\nZeilen ü 🙂', '-abc'];
    await post(
      {
        runCommand: async (caller, words, program) => {
          seen.push(caller.person, words, program);
          return accept({ kind: 'help', text: 'x' });
        },
      },
      { argv, scriptName: 'p0', wait: true },
    );
    expect(seen).toEqual([bob, argv, 'p0']);
  });

  it('answers a request in the shape of the Command API', async () => {
    const response = await post(
      answering({ kind: 'submitted', request: someRequest(), isPreexisting: false, isPersistent: false, isPreapproved: false }),
    );
    expect(response.statusCode).toBe(200);
    expect(response.json()).toMatchObject({
      ok: true,
      id: requestId,
      isPreexisting: false,
      isPersistent: false,
      isPreapproved: false,
      request: {
        type: 'pg',
        permission: { integration: 'sample', accessType: 'role', resource: 'readonly' },
        generated: {},
        principal: 'bob@example.com',
        status: 'NEW',
      },
    });
    expect(response.json().message).toBe(
      `Access requested: pg role readonly for bob@example.com (request ${requestId}): waits for approval until 2025-02-01 09:00:00 UTC`,
    );
    expect(response.json()).not.toHaveProperty('error');
  });

  it('passes the three flags on', async () => {
    const response = await post(
      answering({ kind: 'submitted', request: someRequest(), isPreexisting: true, isPersistent: true, isPreapproved: true }),
    );
    expect(response.json()).toMatchObject({ ok: true, isPreexisting: true, isPersistent: true, isPreapproved: true });
    expect(response.json().message).toContain('has this access already');
  });

  it('answers a list, leaving out the group of items that have none', async () => {
    const items = [
      { key: 'readonly', value: 'Read only', group: 'sample', isPreexisting: true },
      { key: 'readwrite', value: 'Read and write', group: undefined, isPreexisting: false },
    ];
    const response = await post(answering({ kind: 'list', arg: 'role', term: 'read', isTruncated: true, items }), {
      argv: ['ls', 'pg', 'role', '--all'],
      scriptName: 'p0',
    });
    expect(response.json()).toEqual({
      ok: true,
      arg: 'role',
      term: 'read',
      isTruncated: true,
      items: [items[0], { key: 'readwrite', value: 'Read and write', isPreexisting: false }],
    });
  });

  it('takes listings for others on …/command/ls too', async () => {
    const response = await post(
      answering({ kind: 'list', arg: 'role', term: '', isTruncated: false, items: [] }),
      { argv: ['ls', 'pg', 'role', '--all'], scriptName: 'p0' },
      '/o/demo/command/ls',
    );
    expect(response.json()).toEqual({ ok: true, arg: 'role', term: '', isTruncated: false, items: [] });
  });

  it('answers help with ok and message, and the help of ls with error', async () => {
    const help = answering({ kind: 'help', text: 'p0 request <service>' });
    expect((await post(help, { argv: ['request', '--help'], scriptName: 'p0' })).json()).toEqual({
      ok: true,
      message: 'p0 request <service>',
    });
    const ls = await post(help, { argv: ['ls', '--help'], scriptName: 'p0' });
    expect(ls.statusCode).toBe(400);
    expect(ls.json()).toMatchObject({ error: 'p0 request <service>' });
    expect(ls.json()).not.toHaveProperty('ok');
  });

  it('answers status, decisions and endings with ok and message', async () => {
    const active = approved({ kind: 'active', grantedAt: start, expiresAt: instant(start + hour * 1000) });
    expect((await post(answering({ kind: 'status', requests: [] }))).json()).toEqual({ ok: true, message: 'There are no requests.' });
    const status = (await post(answering({ kind: 'status', requests: [active, someRequest()] }))).json();
    expect(status.message.split('\n')).toEqual([
      `pg role readonly for bob@example.com (request ${requestId}): active until 2025-01-31 10:00:00 UTC`,
      expect.stringContaining('waits for approval'),
    ]);
    const planned = approved({ kind: 'planned', latestEnd: start, provisionUntil: start });
    const decided = (await post(answering({ kind: 'decided', request: planned }))).json();
    expect(decided).toMatchObject({ ok: true, id: requestId, request: { status: 'APPROVED' } });
    expect(decided.message).toContain('approved by carol@example.com for 1 hour');
    const ending = approved({ kind: 'ending', end: { kind: 'relinquished', at: start } });
    expect((await post(answering({ kind: 'ending', request: ending }))).json()).toMatchObject({
      ok: true,
      message: expect.stringContaining('being taken away'),
    });
  });

  it('never sends control characters of what people wrote to a terminal', async () => {
    const denied = someRequest({ kind: 'denied', by: { kind: 'policy', name: 'p\u0007' }, at: start, reason: '\u001b[2Jno\u202e' });
    const { message } = (await post(answering({ kind: 'status', requests: [denied] }))).json();
    expect(message).toMatch(/denied by policy/);
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe('a refused command', () => {
  it('answers a usage error with the usage and what was wrong', async () => {
    const response = await post(refusing({ code: 'usage', command: 'request', usage: 'p0 request …', problem: 'Unknown option "--x"' }));
    expect(response.statusCode).toBe(400);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(response.json()).toMatchObject({ error: 'p0 request …\n\nUnknown option "--x"', detail: 'Unknown option "--x"' });
  });

  it('keeps the sentence that helper commands know by heart', async () => {
    expect((await post(refusing({ code: 'standing-exists' }))).json().error).toBe('This principal already has this access');
  });

  it('says when to try again where something could not be asked', async () => {
    const response = await post(refusing({ code: 'unavailable', what: 'The directory' }));
    expect(response.statusCode).toBe(503);
    expect(response.headers['retry-after']).toBe('5');
  });

  it('refuses a body of the wrong shape, with pointers', async () => {
    for (const [payload, pointer] of [
      [{}, '#/argv'],
      [{ argv: [], scriptName: 'p0' }, '#/argv'],
      [{ argv: Array.from({ length: 201 }, () => 'x'), scriptName: 'p0' }, '#/argv'],
      [{ argv: ['request', 5], scriptName: 'p0' }, '#/argv/1'],
      [{ argv: ['x'.repeat(4001)], scriptName: 'p0' }, '#/argv/0'],
      [{ argv: ['nul\0'], scriptName: 'p0' }, '#/argv/0'],
      [{ argv: ['half \ud83d'], scriptName: 'p0' }, '#/argv/0'],
      [{ argv: ['request'], scriptName: 'x'.repeat(101) }, '#/scriptName'],
      [{ argv: ['request'] }, '#/scriptName'],
      [null, '#'],
      [['argv'], '#'],
      ['argv', '#'],
    ] as const) {
      const response = await post({}, payload);
      expect(response.statusCode, JSON.stringify(payload)?.slice(0, 80)).toBe(400);
      const problem = response.json();
      expect(problem.errors.map((each: { pointer: string }) => each.pointer)).toContain(pointer);
      expect(problem).toMatchObject({ type: 'urn:curfew:problem:invalid-body', status: 400, error: expect.any(String) });
      expect(response.body.length).toBeLessThan(2000);
    }
  });

  it('names at most ten wrong members', async () => {
    const response = await post({}, { argv: Array.from({ length: 200 }, (_, n) => n), scriptName: 'p0' });
    expect(response.json().errors).toHaveLength(10);
  });
});
