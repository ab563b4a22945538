import fc from 'fast-check';
import { Chosen } from './openapi-pools.ts';

/**
 * What has a meaning here, by the name of the member or parameter that it is for. An operation whose inputs have other
 * names is generated from its schema alone; it needs an entry only where it would never succeed without one.
 */
export type Words = Readonly<Record<string, Partial<Record<'string' | 'integer' | 'array' | 'boolean', fc.Arbitrary<unknown>>>>>;

const anId = (pool: string): fc.Arbitrary<unknown> => fc.nat({ max: 5 }).map((nth) => new Chosen(pool, nth));
const requests = '/o/{org}/permission-requests|id';

/** @param domain of the addresses; @param mark stands in every free text, so that it is seen where it should not be */
export function wordsOf(domain: string, mark: string): Words {
  const some = (...values: readonly string[]) => ({ string: fc.constantFrom(...values) });
  const people = ['alice', 'bob', 'carol', 'dave', 'erin'].map((name) => `${name}@${domain}`);
  const unseen = fc.stringMatching(/^new-[a-z]{8}$/).map((name) => `${name}@${domain}`);
  const anybody = { string: fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...people) }, { weight: 1, arbitrary: unseen }) };
  const lengths = some('1h', '30m', '2 hours', '1d', '5 minutes', '1 hour');
  const texts = some(`look at orders ${mark}`, `${mark} repair of "invoices"`);
  const right = ['pg', 'role', 'readonly'];
  const to = (who: string) => ['--to', who];
  return {
    principal: anybody,
    requestor: anybody,
    owner: anybody,
    uid: anybody,
    actor: anybody,
    service: some('pg'),
    accessType: some('role'),
    resource: some('readonly', 'readwrite'),
    integration: some('sample'),
    directory: some('local'),
    reason: texts,
    label: texts,
    expirationLength: lengths,
    expiresIn: lengths,
    length: lengths,
    duration: lengths,
    key: some('1 hour', '60 minutes', '5 minutes', '30 days'),
    name: some(...people, 'first', 'second rule', 'third/with a slash', 'local/platform', 'platform'),
    cursor: { string: anId('nextCursor') },
    status: some('NEW', 'APPROVED', 'DONE', 'DENIED'),
    scriptName: some('p0'),
    // Of a question: each request that waits has three.
    number: { integer: fc.integer({ min: 1, max: 3 }) },
    // The answer to such a call ends when somebody decides.
    wait: { boolean: fc.constant(false) },
    url: some('https://hooks.example.com/curfew'),
    argv: {
      array: fc.oneof(
        fc.constantFrom(
          ['ls', 'pg', 'role', '--json'],
          ['ls', 'pg'],
          ['ls'],
          ['ls', 'pg', 'role', '--like', 'read', '--size', '1', '--all'],
          ['status'],
          ['request', '--help'],
          ['request', ...right, '--reason', `look ${mark}`],
          ['request', 'pg', 'role', 'readwrite', '--reason', `write ${mark}`, '--duration', '2h', '-w'],
          ['grant', ...right, ...to(`erin@${domain}`), '--reason', mark],
          ['allow', ...right, ...to(`bob@${domain}`), '--length', '1d'],
        ),
        fc.tuple(fc.constantFrom('status', 'approve', 'deny', 'revoke', 'relinquish'), anId(requests)),
      ),
    },
    'idempotency-key': some('key-one', 'key-two', '"key three"'),
    'if-match': some('*', '"1"', '"2"', 'W/"1"', 'nonsense'),
  };
}
