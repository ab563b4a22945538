import type { KnownBlock, ModalView } from '@slack/types';
import type { DurationSeconds } from '../src/domain/duration.ts';
import type { Forecast } from '../src/domain/forecast.ts';
import type { HoursDraft } from '../src/domain/hours-draft.ts';
import { optionKey } from '../src/domain/option-key.ts';
import type { Permission } from '../src/domain/request.ts';
import type { Instant } from '../src/domain/time.ts';
import { encodeMemo, type FormPath } from './form-wire.ts';
import { forecastLines } from './forecast.ts';
import { reasonInput } from './form-reason.ts';
import { breakGlassInputs } from './form-break-glass.ts';
import { forInputs } from './form-for.ts';
import { hoursInputs } from './form-hours.ts';
import { durationInputs } from './form-durations.ts';
import { againInputs, rightInputs } from './form-right.ts';
import { paragraph, plain, window } from './kit.ts';
import { words } from './line.ts';
import { noticeId, viewIds } from './wire.ts';

type Named = { readonly name: string; readonly service: string };
type Item = { readonly accessType: string; readonly resource: string; readonly label: string };

export type FormProps = {
  readonly integrations: readonly Named[];
  /** Of the chosen integration. */
  readonly accessTypes: readonly string[];
  readonly chosen: {
    readonly integration: Named | undefined;
    readonly accessType: string | undefined;
    readonly resource: Item | undefined;
  };
  /** What was asked for before, newest first. */
  readonly recent: readonly (Permission & { readonly label: string })[];
  readonly durations: readonly DurationSeconds[];
  readonly maximum: DurationSeconds;
  readonly now: Instant;
  readonly forecast: Forecast | undefined;
  readonly reasonRequired: boolean;
  /** How long it may last where it may be taken at once; undefined: it may not, or it is not known yet. */
  readonly breakGlass?: DurationSeconds | undefined;
  /** What the person filled in beside the right. */
  readonly filled: Filled;
};

export type Filled = {
  /** Names the right that filled the form, where one did; else empty. */
  readonly seed: string;
  readonly reason: string | undefined;
  readonly duration: DurationSeconds | undefined;
  /** An end is wanted instead of a length; `until` is the one that was chosen. */
  readonly byEnd: boolean;
  readonly until: Instant | undefined;
  readonly forOther: boolean;
  /** An account of Slack. */
  readonly to: string | undefined;
  /** An address that was typed, and that nobody in the workspace has. */
  readonly stranger: string | undefined;
  /** Only in these hours of the week. */
  readonly hours?: HoursDraft | undefined;
  /** It is to be taken at once. */
  readonly breakGlass?: boolean;
};

/** The window that asks for access: each choice brings what can be chosen next, and what would become of it. */
export function requestForm(props: FormProps): ModalView {
  if (props.integrations.length === 0)
    return window(
      'Request access',
      [paragraph(words('There is nothing here that you may ask for. If you miss something, tell an owner.'))],
      noticeId,
    );
  const { forecast, filled, chosen } = props;
  const path: FormPath = {
    seed: filled.seed,
    integration: chosen.integration && optionKey(chosen.integration.name),
    accessType: chosen.accessType === undefined ? undefined : optionKey(chosen.accessType),
  };
  const blocks: KnownBlock[] = [
    ...againInputs(props.recent),
    ...rightInputs(props, path),
    ...(forecast === undefined ? [] : [paragraph(...forecastLines(forecast))]),
    ...durationInputs(props),
    ...(mayHaveHours(props) ? hoursInputs(filled.hours) : []),
    reasonInput(props, 'Approvers read this.'),
    ...breakGlassInputs(props.breakGlass, filled.breakGlass === true),
    ...forInputs(filled),
  ];
  return {
    type: 'modal',
    callback_id: viewIds.requestForm,
    private_metadata: encodeMemo({ ...path, forOther: filled.forOther, to: filled.to, zone: filled.hours?.zone }),
    title: plain('Request access', 24),
    submit: plain('Request', 24),
    close: plain('Cancel', 24),
    blocks,
  };
}

/** Only standing access has hours: they can be asked for where it may be that, and taken out wherever they stand. */
const mayHaveHours = ({ forecast, filled }: FormProps): boolean =>
  filled.hours !== undefined || forecast?.kind === 'untold' || (forecast?.kind === 'at-once' && forecast.because === 'policy');
