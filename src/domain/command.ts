import type { DurationSeconds } from './duration.ts';

/** What to be granted, as typed: not yet looked up in any integration. */
export type AskedRight = {
  readonly service: string;
  readonly accessType: string;
  readonly resource: string;
  /** `--integration NAME`, needed only where several integrations offer the service. */
  readonly integration: string | undefined;
};

/** What a person or program wants, whether it came as Slack text or as `argv` over HTTP. */
export type Command =
  /** `duration` undefined: the smallest preset. `words` is what could be read when the right is incomplete. */
  | {
      readonly kind: 'request';
      readonly right: AskedRight;
      readonly reason: string | undefined;
      readonly duration: DurationSeconds | undefined;
    }
  | {
      readonly kind: 'grant';
      readonly right: AskedRight;
      readonly reason: string | undefined;
      readonly duration: DurationSeconds | undefined;
      readonly to: string;
    }
  | {
      readonly kind: 'allow';
      readonly right: AskedRight;
      readonly reason: string | undefined;
      readonly duration: DurationSeconds | undefined;
      readonly to: string;
      readonly length: DurationSeconds;
      readonly start: string | undefined;
    }
  | {
      readonly kind: 'ls';
      readonly service: string | undefined;
      readonly accessType: string | undefined;
      readonly like: string | undefined;
      readonly size: number | undefined;
      readonly principal: string | undefined;
      readonly all: boolean;
    }
  | { readonly kind: 'status'; readonly id: string | undefined }
  | { readonly kind: 'approve'; readonly id: string; readonly duration: DurationSeconds | undefined }
  | { readonly kind: 'deny'; readonly id: string; readonly reason: string | undefined }
  | { readonly kind: 'revoke'; readonly id: string; readonly reason: string | undefined }
  | { readonly kind: 'relinquish'; readonly id: string }
  /** `text` is the finished help. */
  | { readonly kind: 'help'; readonly text: string };
