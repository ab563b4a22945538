import type { Usage } from '../app/ports.ts';

export type Target = { readonly host: string; readonly port: number; readonly database: string; readonly user: string };

const quote = (word: string): string => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

/** The command for a shell; `psql` asks for the password itself. */
export const usageOf = (target: Target, account: string): Usage => ({
  account,
  command: `psql -h ${quote(target.host)} -p ${target.port} -U ${quote(account)} -d ${quote(target.database)}`,
});
