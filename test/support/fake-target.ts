import type { Integration, TargetRight } from '../../src/app/ports.ts';
import { accept } from '../../src/domain/result.ts';
import type { CallResult } from '../../src/domain/right.ts';
import type { TargetAnswer } from '../../src/domain/target-answer.ts';

/** What the next calls shall come to, in order; after that they succeed. */
export type Fault =
  /** The target said no. */
  | { kind: 'refused'; permanent: boolean }
  /** Nothing was done and no answer came. */
  | { kind: 'lost' }
  /** It was done and the answer got lost. */
  | { kind: 'lost-after' }
  /** The call throws. */
  | { kind: 'throws' };

export type FakeTarget = Omit<Integration, 'capabilities'> & {
  /** Tests may take some away. */
  capabilities: Integration['capabilities'];
  readonly held: Set<string>;
  /** Those of `held` that carry our mark. */
  readonly marked: Set<string>;
  watch: Integration['watch'];
  readonly calls: string[];
  readonly faults: Fault[];
  observeFails: boolean;
  /** What carries our mark may be somebody else's. */
  doubtful: boolean;
  /** What a read waits for. */
  beforeObserving: (() => Promise<void>) | undefined;
  /** What a read-back says. */
  says: (right: TargetRight) => TargetAnswer;
};

/** A target in memory that can be made to fail in every way the life-cycle engine must survive. */
export function fakeTarget(name = 'sample', service = 'pg'): FakeTarget {
  const held = new Set<string>();
  const marked = new Set<string>();
  const calls: string[] = [];
  const faults: Fault[] = [];
  const key = (right: TargetRight) => `${right.account}:${right.resource}`;
  const perform = (right: TargetRight, act: () => void): CallResult => {
    const fault = faults.shift();
    switch (fault?.kind) {
      case 'refused':
        return { kind: 'refused', permanent: fault.permanent, why: 'the target said no' };
      case 'lost':
        return { kind: 'lost', why: 'no answer' };
      case 'throws':
        throw new Error('broken pipe');
      case 'lost-after':
        act();
        return { kind: 'lost', why: 'no answer' };
      case undefined:
        act();
        return { kind: 'observed', observed: held.has(key(right)) ? 'present' : 'absent' };
    }
  };
  const target: FakeTarget = {
    name,
    service,
    watch: { everySeconds: 300, response: 'alert' },
    held,
    marked,
    calls,
    faults,
    observeFails: false,
    doubtful: false,
    beforeObserving: undefined,
    says: (right) => ({ account: right.account, role: right.resource, member: held.has(key(right)) }),
    narrower: ({ resource }) => (resource === 'readwrite' ? ['readonly'] : []),
    capabilities: { targetSideExpiry: false, endsSessions: true, wantsPassword: true },
    catalog: () => ['readonly', 'readwrite'].map((resource) => ({ accessType: 'role', resource, label: resource })),
    accountOf: (email) => accept(email.split('@')[0] ?? ''),
    usage: (right) => ({ command: `connect as ${right.account}`, account: right.account }),
    async observe(rights) {
      await target.beforeObserving?.();
      calls.push(`observe ${rights.map(key).join(' ')}`);
      return rights.map((right) => (target.observeFails ? 'unknown' : held.has(key(right)) ? 'present' : 'absent'));
    },
    async ensurePresent(right) {
      calls.push(`give ${key(right)}`);
      const result = perform(right, () => {
        held.add(key(right));
        marked.add(key(right));
      });
      return { result, passwordSet: true, said: target.says(right) };
    },
    async ensureAbsent(rights) {
      calls.push(`take ${rights.map(key).join(' ')}`);
      const sessionsEnded = target.capabilities.endsSessions ? 1 : 0;
      return rights.map((right) => ({
        result: perform(right, () => held.delete(key(right))),
        sessionsEnded,
        accountGone: true,
        said: target.says(right),
      }));
    },
    tagged: {
      async list() {
        calls.push('list');
        if (target.observeFails) return 'unknown';
        const listed = [...marked].filter((each) => held.has(each));
        return listed.map((each) => {
          const [account = '', resource = ''] = each.split(':');
          return { right: { accessType: 'role', resource, account }, isOurs: !target.doubtful };
        });
      },
      async remove(rights, signal) {
        calls.push('remove');
        return target.ensureAbsent(rights, signal);
      },
    },
    async [Symbol.asyncDispose]() {},
  };
  return target;
}
