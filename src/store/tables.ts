import type { ColumnType, Generated } from 'kysely';

/** The tables that are reached through kysely's builder. The others are reached by hand-written SQL in `rights.ts` and `decisions.ts`. */
type Json<T> = ColumnType<T, string, string>;

export type Database = {
  people: { org: string; id: string; email: string; canonical: string; created_at: Generated<Date> };
  identities: { org: string; provider: string; subject: string; person_id: string; linked_at: Generated<Date> };
  api_keys: {
    org: string;
    id: string;
    hash: Buffer;
    person_id: string;
    label: string;
    created_at: Generated<Date>;
    expires_at: Date | null;
    revoked_at: Date | null;
    name: Generated<string>;
    scopes: Generated<string[]>;
    last_used_at: Generated<Date | null>;
    created_by: Generated<string | null>;
  };
  role_bindings: { org: string; role: string; canonical: string; source: 'configuration' | 'api'; shown: string | null };
  settings: { org: string; document: Json<unknown>; updated_at: Generated<Date> };
  policies: { org: string; name: string; position: Generated<string>; document: Json<unknown>; updated_at: Generated<Date> };
  accounts: {
    org: string;
    integration: string;
    account: string;
    person_id: string;
    made: Generated<boolean>;
    offered: string | null;
    secret: string | null;
  };
  messages: { org: string; request_id: string; slot: string; channel: string; ts: string; shown: string; link: Generated<string | null> };
  posting_attempts: { org: string; request_id: string; slot: string; channel: string; started_at: Generated<Date> };
};
