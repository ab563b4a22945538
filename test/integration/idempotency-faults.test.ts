import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKeyedCalls, type KeyedCalls, inProgress, typeOf, window, withheld } from '../support/keyed-calls.ts';

let t: KeyedCalls;
beforeAll(async () => {
  t = await createKeyedCalls();
});
afterAll(() => t[Symbol.asyncDispose]());

describe('calls at the same time', () => {
  it('one acts, the others are told to come back', async () => {
    const key = t.newKey();
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const slow = await t.opening((real) => async (...given) => {
      entered.resolve();
      await gate.promise;
      return real(...given);
    });
    const before = await t.count('pre_approvals');
    const first = t.open(key, slow);
    await entered.promise;
    const second = await t.open(key);
    expect(second).toMatchObject({ status: 409, replayed: undefined, headers: { 'retry-after': '1' } });
    expect(typeOf(second)).toBe(inProgress);
    expect((await t.call('/pre-approvals', key, { body: { ...window, reason: 'another' } })).status).toBe(422);
    gate.resolve();
    const { status, text } = await first;
    expect(status).toBe(201);
    expect(await t.open(key)).toMatchObject({ status: 201, text, replayed: 'true' });
    expect(await t.count('pre_approvals')).toBe(before + 1);
  });

  it('twenty at once have one effect', async () => {
    const key = t.newKey();
    const before = await t.count('pre_approvals');
    const all = await Promise.all(Array.from({ length: 20 }, () => t.open(key)));
    expect(await t.count('pre_approvals')).toBe(before + 1);
    expect(all.filter((each) => each.status === 201 && each.replayed === undefined)).toHaveLength(1);
    for (const each of all) expect([201, 409]).toContain(each.status);
    expect(new Set(all.filter((each) => each.status === 201).map((each) => each.text)).size).toBe(1);
  });
});

describe('after a fault', () => {
  it('the key is free, where nothing was changed', async () => {
    const key = t.newKey();
    const broken = await t.opening(() => async () => {
      throw new Error('something broke');
    });
    expect((await t.open(key, broken)).status).toBe(500);
    const fixed = await t.call('/pre-approvals', key, { body: { ...window, reason: 'another body, even' } });
    expect(fixed).toMatchObject({ status: 201, replayed: undefined });
  });

  it('the key is free where it followed a refusal, which changes nothing', async () => {
    const key = t.newKey();
    const broken = await t.opening((real) => async (caller, draft) => {
      // Refused inside the transaction: nobody decides for themselves.
      expect(await real(caller, { ...draft, to: caller.person.email })).toMatchObject({ ok: false, rejection: { code: 'own-request' } });
      throw new Error('something broke');
    });
    expect((await t.open(key, broken)).status).toBe(500);
    expect(await t.open(key)).toMatchObject({ status: 201, replayed: undefined });
  });

  it('that followed a change, a repeat does not act again', async () => {
    const key = t.newKey();
    const broken = await t.opening((real) => async (...given) => {
      await real(...given);
      throw new Error('something broke');
    });
    const before = await t.count('pre_approvals');
    expect((await t.open(key, broken)).status).toBe(500);
    const again = await t.open(key);
    expect(again.status).toBe(409);
    expect(typeOf(again)).toBe(withheld);
    expect(await t.count('pre_approvals')).toBe(before + 1);
  });

  it('of keeping the answer, the answer still arrives', async () => {
    const key = t.newKey();
    const failing = await t.createApp({
      idempotency: {
        claim: async (...given) => {
          const claim = await t.world.useCases.idempotency.claim(...given);
          const away = async () => Promise.reject(new Error('the database went away'));
          return claim.kind === 'mine' ? { kind: 'mine', call: { ...claim.call, keep: away } } : claim;
        },
      },
    });
    const before = t.faults.length;
    expect((await t.open(key, failing)).status).toBe(201);
    expect(t.faults.slice(before)).toEqual([expect.objectContaining({ err: new Error('the database went away') })]);
  });
});

describe('a process that was killed in the middle of a call', () => {
  it('and had changed nothing: after a minute a repeat acts, and what comes late does not', async () => {
    const key = t.newKey();
    const entered = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    const stopped = await t.opening((real) => async (...given) => {
      entered.resolve();
      await gate.promise;
      return real(...given);
    });
    const before = await t.count('pre_approvals');
    const late = t.open(key, stopped);
    await entered.promise;
    await t.age('50 seconds');
    expect((await t.open(key)).status).toBe(409);
    await t.age('10 seconds');
    expect((await t.call('/pre-approvals', key, { body: { ...window, reason: 'another' } })).status).toBe(422);
    const taken = await t.open(key);
    expect(taken).toMatchObject({ status: 201, replayed: undefined });
    // It was only very slow after all.
    gate.resolve();
    expect((await late).status).toBe(500);
    expect(await t.count('pre_approvals')).toBe(before + 1);
    expect(await t.open(key)).toMatchObject({ status: 201, text: taken.text, replayed: 'true' });
  });

  it('and had changed something: a repeat is told so, and does not act', async () => {
    const key = t.newKey();
    const acted = Promise.withResolvers<void>();
    const killed = await t.opening((real) => async (...given) => {
      await real(...given);
      acted.resolve();
      return new Promise<never>(() => {});
    });
    const before = await t.count('pre_approvals');
    void t.open(key, killed);
    await acted.promise;
    expect(typeOf(await t.open(key))).toBe(inProgress);
    await t.age('1 minute');
    const again = await t.open(key);
    expect(again.status).toBe(409);
    expect(typeOf(again)).toBe(withheld);
    expect(await t.count('pre_approvals')).toBe(before + 1);
  });
});
