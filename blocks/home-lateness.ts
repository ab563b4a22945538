import type { KnownBlock } from '@slack/types';
import type { Lateness } from '../src/domain/lateness.ts';
import { paragraph } from './kit.ts';
import { type Line, bold, line, words } from './line.ts';
import { lagWords } from './status.ts';

const mostShown = 5;

/** A line for each integration, the latest first; nothing where nothing has ended. */
export function latenessBlocks(all: readonly Lateness[]): KnownBlock[] {
  if (all.length === 0) return [];
  const shown = all.toSorted((one, other) => other.maxMs - one.maxMs).slice(0, mostShown);
  const left = all.length - shown.length;
  return [
    paragraph(
      words('⏱️ How late access was seen gone in the last 30 days:'),
      ...shown.map(latenessLine),
      ...(left > 0 ? [words(`• and ${left} more targets, none of them later`)] : []),
    ),
  ];
}

const latenessLine = ({ integration, ended, p50Ms, p99Ms, maxMs }: Lateness): Line =>
  line(
    '• ',
    bold(integration),
    `: half within ${lagWords(p50Ms)}, 99 of 100 within ${lagWords(p99Ms)}, the latest after ${lagWords(maxMs)} (of ${ended})`,
  );
