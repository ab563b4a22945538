import type { Caller } from './ports.ts';
import type { Actor } from './store.ts';

/** The caller as the audit log names them; a key is named beside its owner, whose hand it is. */
export const actorOf = ({ person, via, key }: Caller): Actor => ({
  kind: 'person',
  id: person.id,
  email: person.email,
  via,
  ...(key === undefined ? {} : { key }),
});
