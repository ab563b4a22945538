import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { SealedEvent } from '../../src/app/audit-store.ts';
import { hashEvent, noHash } from '../../src/store/audit-event.ts';
import { verifyChain } from '../../src/store/audit-verify.ts';

function chain(length: number, text = 'x'): SealedEvent[] {
  let hash = noHash;
  return Array.from({ length }, (_, index) => {
    const seq = index + 1;
    const event = {
      seq,
      id: seq * 2,
      org: 'demo',
      time: `2026-01-01T00:00:00.${String(seq).padStart(6, '0')}Z`,
      action: 'request.approved',
      actor: { kind: 'person', email: `p${seq}@example.com` },
      request: null,
      grant: null,
      data: { seconds: seq, text },
    };
    hash = hashEvent(hash, event);
    return { ...event, hash };
  });
}
const good = chain(40);
const end = good[39];
if (end === undefined) throw new Error('no end');
const anchors = [{ org: 'demo', seq: 40, hash: end.hash }];

it('holds as it was written, whatever the order of members', async () => {
  const turned = good.map((event) => ({ ...event, data: { text: 'x', seconds: event.seq } }));
  expect((await verifyChain('demo', turned, anchors)).flaw).toBeUndefined();
});

const tamperings: Record<string, (events: SealedEvent[], at: number) => void> = {
  data: (events, at) => void events.splice(at, 1, { ...pick(events, at), data: { seconds: 9_999 } }),
  actor: (events, at) => void events.splice(at, 1, { ...pick(events, at), actor: { kind: 'system' } }),
  time: (events, at) => void events.splice(at, 1, { ...pick(events, at), time: '2020-01-01T00:00:00.000000Z' }),
  action: (events, at) => void events.splice(at, 1, { ...pick(events, at), action: 'request.denied' }),
  hash: (events, at) => void events.splice(at, 1, { ...pick(events, at), hash: 'ab'.repeat(32) }),
  deleted: (events, at) => void events.splice(at, 1),
  inserted: (events, at) => void events.splice(at, 0, { ...pick(events, at), id: 999 }),
  swapped: (events, at) => {
    const other = (at + 1) % events.length;
    const [one, two] = [pick(events, at), pick(events, other)];
    events[at] = two;
    events[other] = one;
  },
  truncated: (events, at) => void events.splice(at),
  'written anew': (events) => void events.splice(0, events.length, ...chain(40, 'y')),
};
function pick(events: SealedEvent[], at: number): SealedEvent {
  const event = events[at];
  if (event === undefined) throw new Error('no such event');
  return event;
}

it('finds every tampering, at or before the place where it was done', async () => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...Object.keys(tamperings)), fc.integer({ min: 0, max: 39 }), async (kind, at) => {
      const events = [...good];
      tamperings[kind]?.(events, at);
      const { flaw } = await verifyChain('demo', events, anchors);
      expect(flaw, `${kind} at ${at}`).toBeDefined();
      if (kind !== 'written anew' && kind !== 'swapped') expect(flaw?.seq).toBeLessThanOrEqual(at + 2);
    }),
    { numRuns: 300, seed: 21 },
  );
});
