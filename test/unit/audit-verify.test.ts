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

const howMany = Number(process.env['TAMPERINGS'] ?? 10_000);

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
  // One character of what it means, wherever that stands in the line as it is exported.
  character: (events, at) => {
    const line = JSON.stringify(pick(events, at));
    const places = [...line.matchAll(/(?<=[a-z0-9])[a-z0-9](?=[a-z0-9])/g)].map(({ index }) => index);
    const place = places[(at * 7919) % places.length] ?? 0;
    const other = line[place] === '7' ? '8' : '7';
    const changed = `${line.slice(0, place)}${other}${line.slice(place + 1)}`;
    events.splice(at, 1, JSON.parse(changed));
  },
  'renumbered from there on': (events, at) => {
    for (let index = at; index < events.length; index++) {
      const event = pick(events, index);
      events[index] = { ...event, seq: event.seq + 1 };
    }
  },
  'deleted and renumbered': (events, at) => {
    events.splice(at, 1);
    for (const [index, event] of events.entries()) events[index] = { ...event, seq: index + 1 };
  },
  doubled: (events, at) => void events.splice(at, 0, pick(events, at)),
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
      // A number or its name that was changed says nothing of the place.
      if (kind !== 'written anew' && kind !== 'swapped' && kind !== 'character') expect(flaw?.seq).toBeLessThanOrEqual(at + 2);
    }),
    { numRuns: howMany, seed: 21 },
  );
}, 120_000);

it('finds an anchor that was changed', async () => {
  for (const changed of [
    { org: 'demo', seq: 40, hash: 'ab'.repeat(32) },
    { org: 'demo', seq: 39, hash: end.hash },
    { org: 'demo', seq: 41, hash: end.hash },
  ])
    expect((await verifyChain('demo', good, [changed])).flaw).toBeDefined();
});
