/** How the request form travels to Slack and back. */
import { longestWindowText } from '../src/domain/recurring-window.ts';
import { digestOf } from '../src/domain/digest.ts';
import { actionIds } from './wire.ts';

/** What was chosen of the right, as option keys. `seed` names the right that filled the form, where one did. */
export type FormPath = {
  readonly seed: string;
  readonly integration: string | undefined;
  readonly accessType: string | undefined;
};

/**
 * The ids of the blocks that depend on what was chosen before. A block that keeps its id keeps what was chosen in it, so
 * what must not stay gets another one.
 */
export const formBlocks = {
  integration: ({ seed }: Pick<FormPath, 'seed'>): string => marked(actionIds.formIntegration, [seed]),
  accessType: ({ seed, integration }: Omit<FormPath, 'accessType'>): string => marked(actionIds.formAccessType, [seed, integration]),
  resource: ({ seed, integration, accessType }: FormPath): string =>
    marked(actionIds.formResource, [seed, integration ?? null, accessType ?? null]),
} as const;

const marked = (id: string, because: readonly (string | null | undefined)[]): string =>
  `${id}:${digestOf(because.map((each) => each ?? null))}`;

/** The length that means "until a moment that I choose". */
export const untilValue = 'until';
/** The one option of "for somebody else". */
export const forOtherValue = 'other';

/** What of the form goes through `private_metadata`; `to` is an account of Slack. All of it is looked up again. */
export type FormMemo = FormPath & {
  readonly forOther: boolean;
  readonly to: string | undefined;
  /** In which the hours are meant, where fields for hours are there. */
  readonly zone?: string | undefined;
};

export const encodeMemo = ({ seed, integration, accessType, forOther, to, zone }: FormMemo): string =>
  JSON.stringify([
    seed,
    integration ?? '',
    accessType ?? '',
    forOther ? forOtherValue : '',
    to ?? '',
    zone?.slice(0, longestWindowText) ?? '',
  ]);

/** Of anything else than {@link encodeMemo} made, nothing. */
export function decodeMemo(text: string): FormMemo {
  const [seed = '', integration = '', accessType = '', whose = '', to = '', zone = ''] = stringsOf(text);
  const orNothing = (word: string): string | undefined => (word === '' ? undefined : word);
  return {
    seed,
    integration: orNothing(integration),
    accessType: orNothing(accessType),
    forOther: whose === forOtherValue,
    to: orNothing(to),
    zone: orNothing(zone),
  };
}

function stringsOf(text: string): readonly string[] {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : [];
  } catch {
    // Not JSON, so none of ours.
    return [];
  }
}
