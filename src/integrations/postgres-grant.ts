import type pg from 'pg';
import { z } from 'zod';
import type { Integration, TargetRight } from '../app/ports.ts';
import { callPostgres, startCall } from './postgres-call.ts';
import { grantProgram } from './postgres-grant-program.ts';
import { observeProgram } from './postgres-sql.ts';
import { scramVerifier } from './scram-verifier.ts';

const Granted = z.object({ passwordSet: z.boolean() });
export const Present = z.object({ present: z.array(z.object({ account: z.string(), role: z.string() })) });

type Granting = Awaited<ReturnType<Integration['ensurePresent']>>;
type Options = Parameters<Integration['ensurePresent']>[1];

/** Grants the role, making the login where it has to, and reads the membership back after the commit. */
export async function grantRole(
  pool: pg.Pool,
  right: TargetRight,
  options: Options,
  rules: { readonly tag: string; readonly createLogins: boolean },
  signal: AbortSignal,
): Promise<Granting> {
  const { account, resource: role } = right;
  const { password, resetPassword } = options;
  const verifier = password === undefined ? undefined : await scramVerifier(password);
  const outcome = await callPostgres(pool, startCall(signal), async (call) => {
    const granted = await call.run(grantProgram, { account, role, ...rules, verifier, resetPassword, untilMs: options.until }, Granted);
    const seen = await call.run(observeProgram, { rights: [{ account, role }] }, Present);
    return { passwordSet: granted.passwordSet, observed: seen.present.length > 0 ? ('present' as const) : ('absent' as const) };
  });
  if ('failed' in outcome) return { result: outcome.failed, passwordSet: false };
  return { result: { kind: 'observed', observed: outcome.answer.observed }, passwordSet: outcome.answer.passwordSet };
}
