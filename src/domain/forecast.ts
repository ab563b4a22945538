import type { DurationSeconds } from './duration.ts';
import type { RecurringWindow } from './recurring-window.ts';
import type { Rejection } from './result.ts';
import type { Instant } from './time.ts';

/** What would become of a request if it were made now. */
export type Forecast =
  /** People decide; `approvers` names them in words. In these hours, nobody would have to. */
  | { readonly kind: 'people'; readonly approvers: readonly string[]; readonly hours?: RecurringWindow | undefined }
  /** Nobody has to decide. `atMost`: it lasts no longer than that, whatever is asked. `on-call`: the asker is; else whom it is for. */
  | {
      readonly kind: 'at-once';
      readonly because: 'on-call' | 'other-on-call' | 'policy' | 'pre-approval';
      readonly atMost: DurationSeconds | undefined;
      /** It is there in these hours only, each time they come. */
      readonly hours?: RecurringWindow | undefined;
      /** It was approved for these hours, which close then, and it ends with them. */
      readonly within?: { readonly hours: RecurringWindow; readonly closesAt: Instant } | undefined;
    }
  /** It is taken without asking them, lasts so long, and is reviewed afterwards. */
  | { readonly kind: 'break-glass'; readonly lasts: DurationSeconds }
  | { readonly kind: 'refused'; readonly rejection: Rejection }
  /** It is for somebody whose affairs the asker may not look up. */
  | { readonly kind: 'untold' };
