import { describe, expect, it } from 'vitest';
import { check, type Evidence, type Exported, type GrantFacts, type Look } from '../chaos/check.ts';
import type { Life } from '../chaos/excuses.ts';

// One grant of one right, from second 1 to second 5, given and taken as it should be; then what must be found.

const grant: GrantFacts = { id: 'g', request: 'r', right: 'bob:readonly', state: 'ended', from: 1_000, to: 5_000 };
const event = (seq: number, at: number, action: string, data: Exported['data'] = {}): Exported => ({
  seq,
  at,
  action,
  request: 'r',
  grant: action.startsWith('grant') ? 'g' : null,
  data,
});
const iso = (at: number): string => new Date(at).toISOString();
const ended = event(4, 5_200, 'grant.ended', { end: 'expired', leftInPlace: null, observedGoneAt: iso(5_200), latenessMs: 200 });
const events = [event(1, 900, 'request.submitted'), event(2, 1_000, 'request.approved'), event(3, 1_500, 'grant.activated'), ended];
/** Each 100 ms from 0 to `until`; the right is there between the two. */
const looks = (from: number, to: number, until = 60_000): Look[] =>
  Array.from({ length: until / 100 }, (_, n) => n * 100).map((at) => ({
    at,
    until: at,
    held: at >= from && at < to ? ['bob:readonly'] : [],
  }));
const working: Life = { role: 'worker', up: 0, to: Number.POSITIVE_INFINITY, gone: Number.POSITIVE_INFINITY, owner: undefined };
const sound: Evidence = {
  looks: looks(1_400, 5_100),
  grants: [grant],
  events,
  troubles: [{ from: 3_000, to: 3_500, kind: 'process', what: 'a worker died' }],
  lives: [working],
  history: [],
  asked: [{ words: 'one', id: 'r' }],
  requests: [{ id: 'r', words: 'one', state: 'approved' }],
};
const broken = (change: Partial<Evidence>): readonly string[] => check({ ...sound, ...change }).violations;

describe('the checker of the chaos lane', () => {
  it('finds nothing where there is nothing', () => {
    // One in a hundred milliseconds, from 33.6 s on.
    const longest = { undisturbed: 0, addedUp: 0, pastEnd: 0, unclaimed: 0 };
    expect(check(sound)).toEqual({ violations: [], latenessMs: [200], longest, strictLooks: 264 });
  });

  it('finds access that stays', () => {
    const late = { ...ended, data: { ...ended.data, observedGoneAt: iso(36_000) } };
    expect(broken({ looks: looks(1_400, 35_500), events: [...events.slice(0, 3), late] })).toEqual([
      expect.stringContaining('was still there'),
    ]);
    // As long as trouble goes on it may, and no longer than that.
    const troubles = [{ from: 3_000, to: 21_000, kind: 'target', what: 'the target was away' } as const];
    expect(broken({ looks: looks(1_400, 35_500), troubles, events: [...events.slice(0, 3), late] })).toEqual([]);
    expect(
      broken({
        looks: looks(1_400, 50_500),
        troubles,
        events: [...events.slice(0, 3), { ...late, data: { ...late.data, observedGoneAt: iso(51_000) } }],
      }),
    ).toHaveLength(1);
  });

  it('finds access that nobody decided', () => {
    expect(broken({ looks: looks(500, 5_100) })).toEqual([expect.stringContaining('no grant of it had been decided')]);
    expect(broken({ looks: [...sound.looks, { at: 60_000, until: 60_000, held: ['eve:readwrite'] }] })).toEqual([
      expect.stringContaining('eve:readwrite'),
    ]);
  });

  it('finds a "gone" that was not true, and not one that was given anew', () => {
    expect(broken({ looks: looks(1_400, 7_000) })).toEqual([expect.stringContaining('was said to be gone')]);
    const again: GrantFacts = { ...grant, id: 'g2', request: 'r2', from: 4_000, to: 8_000 };
    const more = [event(5, 4_000, 'request.approved'), event(6, 4_100, 'grant.activated'), event(7, 8_000, 'grant.ended', ended.data)];
    const theirs = more.map((each) => ({
      ...each,
      request: 'r2',
      grant: each.grant && 'g2',
      data: { ...each.data, observedGoneAt: iso(8_000) },
    }));
    expect(
      broken({
        looks: looks(1_400, 8_000),
        grants: [grant, again],
        events: [...events, ...theirs],
        requests: [...sound.requests, { id: 'r2', words: 'two', state: 'approved' }],
      }),
    ).toEqual([]);
  });

  it('takes a look for what it is: something seen between its beginning and its end', () => {
    const slow = (at: number, until: number, held: string[]): Look => ({ at, until, held });
    const there = ['bob:readonly'];
    // Given, taken and asked about while the look went on.
    expect(broken({ looks: [...sound.looks, slow(900, 1_450, there)] })).toEqual([]);
    expect(broken({ looks: [...sound.looks, slow(5_150, 5_260, there)] })).toEqual([]);
    expect(broken({ looks: [...sound.looks, slow(4_900, 5_150, [])] })).toEqual([]);
    expect(broken({ looks: [...sound.looks, slow(900, 990, there)] })).toEqual([
      expect.stringContaining('no grant of it had been decided'),
    ]);
    expect(broken({ looks: [...sound.looks, slow(5_210, 5_260, there)] })).toEqual([expect.stringContaining('was said to be gone')]);
    expect(broken({ looks: [...sound.looks, slow(4_800, 4_940, [])] })).toEqual([expect.stringContaining('was not there at')]);
  });

  it('finds a grant that never came, and one that never ended', () => {
    expect(broken({ looks: looks(1_400, 3_000) })).toEqual([expect.stringContaining('was not there at')]);
    expect(broken({ looks: looks(0, 0) })).toEqual([expect.stringContaining('was not there at')]);
    expect(broken({ events: [...events.slice(0, 2), { ...ended, seq: 3 }] })).toEqual([expect.stringContaining('was never active')]);
    for (const state of ['planned', 'active', 'ending'] as const)
      expect(broken({ grants: [{ ...grant, state }] })).toEqual([expect.stringContaining(`is still ${state}`)]);
    expect(broken({ grants: [], events: events.slice(0, 2), looks: [] })).toEqual(['request r is approved and gave nothing']);
  });

  it('finds what was done twice', () => {
    expect(broken({ grants: [grant, { ...grant, id: 'g2' }], events })).toContainEqual('grants of request r: 2 times');
    expect(broken({ events: [...events, { ...ended, seq: 5 }] })).toEqual(['grant.ended of g: 2 times']);
    expect(broken({ events: [...events, event(5, 1_100, 'request.denied')] })).toEqual(['decisions of request r: 2 times']);
    expect(broken({ requests: [...sound.requests, { id: 'r9', words: 'one', state: 'pending' }] })).toEqual([
      'requests that say one: 2 times',
    ]);
  });

  it('finds a request that was taken in and is gone, and a hole in the export', () => {
    expect(broken({ asked: [...sound.asked, { words: 'two', id: 'r7' }] })).toEqual([expect.stringContaining('is gone')]);
    expect(broken({ events: events.map((each) => ({ ...each, seq: each.seq > 2 ? each.seq + 1 : each.seq })) })).toEqual([
      'the export has 4 where 3 should be',
    ]);
  });
});
