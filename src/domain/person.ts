import type { Email, PersonId } from './ids.ts';

/** One human, whatever accounts and addresses they have. */
export type Person = { readonly id: PersonId; readonly email: Email };
