import type { DurationSeconds } from './duration.ts';
import type { Rejection } from './result.ts';

/** What would become of a request if it were made now. */
export type Forecast =
  /** People decide; `approvers` names them in words. */
  | { readonly kind: 'people'; readonly approvers: readonly string[] }
  /** Nobody has to decide. `atMost`: it lasts no longer than that, whatever is asked. */
  | {
      readonly kind: 'at-once';
      readonly because: 'on-call' | 'policy' | 'pre-approval';
      readonly atMost: DurationSeconds | undefined;
    }
  | { readonly kind: 'refused'; readonly rejection: Rejection }
  /** It is for somebody whose affairs the asker may not look up. */
  | { readonly kind: 'untold' };
