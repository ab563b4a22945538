import { clip } from './said.ts';

/** What a target said when it was read back: few names and plain values, no secrets. Which, is the integration's own affair. */
export type TargetAnswer = Readonly<Record<string, string | number | boolean | null>>;

/** Of its JSON in UTF-8. It is kept with every grant, and again in the audit log. */
const mostBytes = 2048;

/**
 * An answer as it can be kept, whatever was in it: printable, since the database refuses some characters and must not refuse
 * that access was taken away, and of at most 2 KB; `isCut` says that members were left out.
 */
export function fitAnswer(answer: TargetAnswer): TargetAnswer {
  const members = Object.entries(answer).map(([name, value]) => [clip(name), fitValue(value)] as const);
  const whole = Object.fromEntries(members);
  if (bytesOf(whole) <= mostBytes) return whole;
  for (let kept = Math.min(members.length, mostBytes); kept > 0; kept -= 1) {
    const part = { ...Object.fromEntries(members.slice(0, kept - 1)), isCut: true };
    if (bytesOf(part) <= mostBytes) return part;
  }
  return { isCut: true };
}

function fitValue(value: TargetAnswer[string]): TargetAnswer[string] {
  if (typeof value === 'string') return clip(value);
  return typeof value === 'number' && !Number.isFinite(value) ? null : value;
}

/** Of what is printable, and so has no halves of characters. */
const bytesOf = (answer: TargetAnswer): number => encodeURIComponent(JSON.stringify(answer)).replace(/%../g, '_').length;
