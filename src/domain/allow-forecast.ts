import type { Email } from './ids.ts';
import type { Window } from './pre-approval.ts';
import type { Rejection } from './result.ts';

/** What would become of a window if it were opened now. */
export type AllowForecast =
  | { readonly kind: 'opens'; readonly to: Email; readonly window: Window }
  | { readonly kind: 'refused'; readonly rejection: Rejection };
