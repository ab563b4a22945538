import { setTimeout as sleep } from 'node:timers/promises';
import type { AuditHead } from './app/audit-store.ts';
import type { Log } from './app/ports.ts';
import type { AuditChecks } from './app/vitals-store.ts';
import { readAnchors } from './audit-anchors.ts';
import type { Flaw } from './store/audit-verify.ts';
import { every } from './every.ts';

/** A walk may take long, and nothing waits for it: it leaves the processor to what is due. */
const pauseMs = 100;
const lookEveryMs = 60_000;
const walkEverySeconds = 300;
const leaseSeconds = 120;

export type AuditVerifyDeps = {
  readonly checks: AuditChecks;
  /** Walks all of it against the anchors, calling `between` after each page of events. */
  readonly verify: (anchors: readonly AuditHead[], between: () => Promise<void>) => Promise<{ readonly flaw: Flaw | undefined }>;
  readonly anchorFile: string;
  readonly secretKey: Buffer;
  readonly log: Log;
};

/**
 * Verifies the audit log again and again, by one worker at a time, and puts on record when, and what did not fit.
 * Its anchors are those of this process' own file: what was cut off the end is found by the worker that has seen it.
 */
export function startAuditVerification(deps: AuditVerifyDeps): AsyncDisposable {
  const stopping = new AbortController();
  const look = async (): Promise<void> => {
    try {
      await verifyIfDue(deps, stopping.signal);
    } catch (error) {
      if (!stopping.signal.aborted) deps.log.error({ err: error }, 'the audit log could not be verified; it is tried again');
    }
  };
  const looking = every(lookEveryMs, look);
  return {
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await looking[Symbol.asyncDispose]();
    },
  };
}

/** One walk, if it is time for one and nobody else is at it. */
export async function verifyIfDue(deps: AuditVerifyDeps, stopping: AbortSignal): Promise<void> {
  const { checks, verify, log } = deps;
  if (!(await checks.claim(walkEverySeconds, leaseSeconds))) return;
  const { anchors, broken } = await readAnchors(deps.anchorFile, deps.secretKey).catch(withoutFile);
  let renewedAt = performance.now();
  const { flaw } = await verify(anchors, async () => {
    await sleep(pauseMs, undefined, { signal: stopping });
    if (performance.now() - renewedAt < (leaseSeconds * 1000) / 4) return;
    renewedAt = performance.now();
    await checks.renew(leaseSeconds);
  });
  const what = describe(flaw) ?? (broken && `line ${broken.line} of the anchors: ${broken.what}`);
  if (what !== undefined) log.error({ flaw: what }, 'the audit log does not verify: somebody changed it');
  await checks.finish(what);
}

const describe = (flaw: Flaw | undefined): string | undefined =>
  flaw && `event ${flaw.seq ?? flaw.id ?? 'unknown'} of ${flaw.org}: ${flaw.what}`;

/** A worker that has written none yet has nothing to compare with. */
function withoutFile(error: unknown): Pick<Awaited<ReturnType<typeof readAnchors>>, 'anchors' | 'broken'> {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { anchors: [], broken: undefined };
  throw error;
}
