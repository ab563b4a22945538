import type { KnownBlock, ModalView } from '@slack/types';
import type { Instant } from '../src/domain/time.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import type { TargetAnswer } from '../src/domain/target-answer.ts';
import { fence, paragraph, window } from './kit.ts';
import { bold, code, exactDate, line, words } from './line.ts';
import { endLine, proof } from './status.ts';
import { noticeId } from './wire.ts';
import { decider, rightLine } from './words.ts';

export const receiptHeading = 'Receipt';

/** More would not fit into one block; those before them are in the API's receipt. */
const mostEvents = 20;

export type ReceiptProps = {
  /** Its access was seen to be gone. */
  readonly request: PermissionRequest;
  readonly grant: {
    readonly account: string;
    readonly grantedAt: Instant | undefined;
    /** Undefined: not for the reader. */
    readonly said: { readonly given: TargetAnswer | undefined; readonly gone: TargetAnswer | undefined } | undefined;
  };
  /** Oldest first; what is not sealed yet has neither number nor hash. */
  readonly events: readonly { readonly action: string; readonly seq: number | undefined; readonly hash?: string | undefined }[];
};

/** The window with what proves that access is gone. */
export function receipt({ request, grant, events }: ReceiptProps): ModalView {
  const { state } = request;
  if (state.kind !== 'approved' || state.grant.state.kind !== 'ended') throw new Error('a receipt was shown too early');
  const { end, evidence } = state.grant.state;
  const endorsers = (request.endorsements ?? []).filter(({ by }) => state.by.kind !== 'person' || by.id !== state.by.person.id);
  const agreed = [decider(state.by), ...endorsers.map(({ by }) => line(' and ', bold(by.email)))];
  return window(
    receiptHeading,
    [
      paragraph(
        line(rightLine(request.permission), ' for ', bold(request.principal.email), ', as ', code(grant.account)),
        line('Agreed to by ', ...agreed, ', ', exactDate(state.at)),
        grant.grantedAt === undefined ? words('Never seen at the target') : line('Seen at the target ', exactDate(grant.grantedAt)),
        line('Ended: ', endLine(request, end)),
        ...proof(end, evidence),
      ),
      ...answer('The target said when it was given:', grant.said?.given),
      ...answer('The target said at the end:', grant.said?.gone),
      ...chain(events),
    ],
    noticeId,
  );
}

function answer(label: string, said: TargetAnswer | undefined): KnownBlock[] {
  if (said === undefined) return [];
  const lines = Object.entries(said).map(([name, value]) => `${name}: ${value ?? 'none'}`);
  return [paragraph(words(label)), fence(lines.join('\n'))];
}

function chain(events: ReceiptProps['events']): KnownBlock[] {
  const sealed = events.flatMap(({ action, seq, hash }) => (seq === undefined || hash === undefined ? [] : [`${seq} ${action} ${hash}`]));
  const left = Math.max(0, sealed.length - mostEvents);
  const later = sealed.length < events.length ? '. The newest follow in about a second' : '';
  const label = `Events of the audit log: number, what, hash${left === 0 ? '' : `; ${left} before these`}${later}`;
  return [paragraph(words(label)), ...(sealed.length === 0 ? [] : [fence(sealed.slice(left).join('\n'))])];
}
