import type { KnownBlock } from '@slack/types';
import type { PermissionRequest } from '../src/domain/request.ts';
import { takenLine } from './break-glass.ts';
import { reviewGlassButton } from './buttons.ts';
import { actions, paragraph, title } from './kit.ts';
import { line, onOneLine, words } from './line.ts';
import { statusOf } from './status.ts';
import { blockOf } from './wire.ts';

/** `shown` are the longest unreviewed of `count`. */
export type Unreviewed = { readonly count: number; readonly shown: readonly PermissionRequest[] };

const mostShown = 5;

/** What people took at once, and nobody has reviewed. */
export function unreviewedBlocks({ count, shown }: Unreviewed): KnownBlock[] {
  const rows = shown
    .slice(0, mostShown)
    .flatMap((request) => [
      paragraph(takenLine(request), statusOf(request).headline, line('Reason: ', onOneLine(request.reason ?? '', 200))),
      actions(blockOf('unreviewed', request.id), [reviewGlassButton(request)]),
    ]);
  const left = count - Math.min(shown.length, mostShown);
  const more = left > 0 ? [paragraph(words(`${left} more are to be reviewed; they come up as these are.`))] : [];
  return [title(`🔎 Break-glass to review: ${count}`), ...rows, ...more];
}
