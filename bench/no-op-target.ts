import type { Integration } from '../src/app/ports.ts';

/** A target that is done before it is asked, so that what is measured is ours. */
export const noOpTarget: Integration = {
  name: 'sample',
  service: 'pg',
  watch: { everySeconds: 86_400, response: 'alert' },
  capabilities: { targetSideExpiry: false, endsSessions: false, wantsPassword: false },
  catalog: () => [{ accessType: 'role', resource: 'readonly', label: 'readonly' }],
  narrower: () => [],
  accountOf: (principal) => ({ ok: true, value: principal.replace(/@.*/, '') }),
  usage: ({ account }) => ({ command: '', account }),
  // Nothing is there before it is given, so that all of it is ours to take.
  observe: async (rights) => rights.map(() => 'absent'),
  ensurePresent: async () => ({ result: { kind: 'observed', observed: 'present' }, passwordSet: false }),
  ensureAbsent: async (rights) =>
    rights.map(() => ({ result: { kind: 'observed', observed: 'absent' }, sessionsEnded: 0, accountGone: true })),
  async [Symbol.asyncDispose]() {},
};
