/** What is counted as it happens, in this process. What stands in rows is not counted but read: see `vitals-store.ts`. */
import type { CallResult } from '../domain/right.ts';

export type Meter = {
  /** A claimed right was looked at at its target, to give it or to take it, and this came of it. */
  looked(integration: string, wanted: 'absent' | 'present', outcome: CallResult['kind']): void;
  /** A grant's access was seen gone from the target, this long after the moment at which it had to end. */
  removed(integration: string, latenessMs: number): void;
  /** A target was looked at unasked: some of its rights, or all that carries our mark. */
  watched(integration: string, what: 'rights' | 'tagged', outcome: 'read' | 'failed'): void;
};
