import type pg from 'pg';
import { z } from 'zod';
import type { Integration, TargetRight } from '../app/ports.ts';
import { callPostgres, startCall } from './postgres-call.ts';
import { grantProgram, readBackProgram } from './postgres-grant-program.ts';
import { scramVerifier } from './scram-verifier.ts';

const Granted = z.object({ passwordSet: z.boolean() });
/** What the read-back of one right says: `account` is there where the right is. */
const ReadBack = z.object({ said: z.record(z.string(), z.string().nullable()) });
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
    const { said } = await call.run(readBackProgram, { rights: [{ account, role }] }, ReadBack);
    return { passwordSet: granted.passwordSet, said };
  });
  if ('failed' in outcome) return { result: outcome.failed, passwordSet: false };
  const { said, passwordSet } = outcome.answer;
  return { result: { kind: 'observed', observed: said['account'] === undefined ? 'absent' : 'present' }, passwordSet, said };
}
