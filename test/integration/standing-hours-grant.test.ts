import { describe, expect, it } from 'vitest';
import { requestDetailJson } from '../../src/http/request-detail-json.ts';
import { requestDetailSchema } from '../../src/http/request-detail-schema.ts';
import { requestSchema } from '../../src/http/request-schema.ts';
import { requestJson } from '../../src/http/reply-json.ts';
import { requestText } from '../../src/http/request-text.ts';
import { right, standingHours } from '../support/standing-hours.ts';

const at = standingHours();
const { policy, run, submitted, standing, pass, work, isHeld, read, whole, said } = at;

describe('a grant with hours', () => {
  it('ends when its time is over, and when it is given back, in closed hours too', async () => {
    const id = await standing(-60, 30);
    await work();
    await pass(31);
    await work();
    const bob = await at.world.caller('bob');
    expect(await at.world.useCases.relinquishGrant(bob, id)).toMatchObject({ ok: true });
    await work();
    expect(await read(id)).toMatchObject({ state: { kind: 'ended', end: { kind: 'relinquished' } } });
    const other = await standing(-60, 45);
    await work();
    await pass(46);
    await work();
    await at.world.pool.query(
      `update grants set expires_at = clock_timestamp() - interval '1 second', granted_at = clock_timestamp() - interval '2 seconds'
      where request_id = $1`,
      [other],
    );
    await at.world.pool.query(`update rights set due_at = clock_timestamp() where due_at is not null`);
    await work();
    expect(await read(other)).toMatchObject({ state: { kind: 'ended', end: { kind: 'expired' } } });
    expect(isHeld()).toBe(false);
  });

  it('is kept for its hours, when it is kept for another term, and for no more', async () => {
    const id = await standing(-60, 30);
    await work();
    const { duration } = await read(id);
    await at.world.pool.query(`update grants set expires_at = clock_timestamp() + interval '5 hours' where request_id = $1`, [id]);
    await pass(31);
    await work();
    const carol = await at.world.caller('carol');
    const kept = await at.world.useCases.standingAccess.keep(carol, id);
    if (!kept.ok) throw new Error(JSON.stringify(kept));
    await work();
    expect(isHeld()).toBe(false);
    expect(await read(kept.value.id)).toMatchObject({
      standing: true,
      state: { kind: 'planned' },
      hours: { text: at.text, state: 'closed' },
    });
    await pass(1440 - 91 + 1);
    await work();
    await work();
    expect(isHeld()).toBe(true);
    expect(await read(id)).toMatchObject({ state: { kind: 'ended' } });
    expect(await read(kept.value.id)).toMatchObject({ state: { kind: 'active' }, hours: { state: 'open' } });
    expect(duration).toBeGreaterThan(86_400);
    await pass(91);
    await work();
    expect(isHeld()).toBe(false);
  });

  it('is told to programs', async () => {
    const id = await standing(-60, 30);
    await work();
    const shown = async () => {
      const { request } = await whole(id);
      return requestJson(request);
    };
    expect(requestSchema.parse(await shown())).toMatchObject({
      status: 'DONE',
      generated: { account: 'bob' },
      access: { hours: { window: at.text, state: 'open', closesAt: new Date(at.base + 30 * 60_000).toISOString() } },
    });
    await pass(31);
    await work();
    expect(requestSchema.parse(await shown())).toMatchObject({ status: 'DONE', generated: {}, access: { hours: { state: 'closed' } } });
    const detail = await whole(id);
    expect(requestDetailSchema.parse(requestDetailJson(detail))).toMatchObject({
      grant: { state: 'active', hours: { state: 'closed' } },
      timeline: expect.arrayContaining([
        expect.objectContaining({ action: 'grant.closed', what: expect.stringContaining('seen to be gone') }),
      ]),
    });
    const list = await run('bob', ['ls', 'pg', 'role']);
    expect(list).toMatchObject({
      value: { items: expect.arrayContaining([expect.objectContaining({ key: 'readonly', isPreexisting: false })]) },
    });
    expect(requestText(detail.request)).toContain('outside its hours until');
  });

  it('is told to its principal', async () => {
    const id = await standing(-60, 30);
    await work();
    expect(await said(id)).toContain('when its hours close');
    await pass(31);
    await work();
    const message = await said(id);
    expect(message).toContain('Outside its hours');
    expect(message).toContain('Relinquish');
    expect(message).toContain('daily ');
    expect(at.world.posted.filter(({ slot }) => slot === 'access')).toHaveLength(1);
  });
});

describe('a request with hours', () => {
  it('is the same as the first while that is there, and more may be asked for while they are closed', async () => {
    const id = await standing(-60, 30);
    await work();
    expect((await submitted('--window', at.text)).request.id).toBe(id);
    expect((await submitted()).request.id).toBe(id);
    await policy({ name: 'standing', approval: [{ type: 'p0' }] });
    expect(await run('bob', ['request', ...right])).toMatchObject({ ok: false, rejection: { code: 'standing-exists' } });
    await pass(31);
    await work();
    const more = await submitted();
    expect(more).toMatchObject({ isPreexisting: false, request: { state: { kind: 'pending' } } });
    expect(more.request.id).not.toBe(id);
  });

  it('is refused where it would be no standing access, and leaves nothing', async () => {
    await policy({ name: 'standing', approval: [{ type: 'p0' }] });
    const before = (await at.world.pool.query('select from requests')).rowCount;
    expect(await run('bob', ['request', ...right, '--window', 'Mon-Fri 09:00-17:00 UTC'])).toMatchObject({
      ok: false,
      rejection: { code: 'invalid-value', field: 'window', why: expect.stringContaining('Only standing access') },
    });
    expect((await at.world.pool.query('select from requests')).rowCount).toBe(before);
  });
});
