import type { ModalView } from '@slack/types';
import { fence, paragraph, window } from './kit.ts';
import { code, line, words } from './line.ts';
import { noticeId } from './wire.ts';

export type SecretProps = { readonly usage: { readonly command: string; readonly account: string }; readonly password: string };

/** The only place where a password is ever shown: a window of the principal's own, which Slack does not keep. */
export const secret = ({ usage, password }: SecretProps): ModalView =>
  window(
    'Your password',
    [
      paragraph(line('Account: ', code(usage.account)), words('Password:')),
      fence(password),
      paragraph(words('Use it with:')),
      fence(usage.command),
      paragraph(words('Copy it now: it is shown this once and cannot be shown again. It stops working when the access ends.')),
    ],
    noticeId,
  );
