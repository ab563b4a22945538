/** What stands in the request form at this moment. */
import { breakGlassValue } from '../../blocks/form-break-glass.ts';
import { decodeMemo, formBlocks, forOtherValue, untilValue } from '../../blocks/form-wire.ts';
import type { Filled } from '../../blocks/request-form.ts';
import { actionIds, blockIds, decodeDuration, inputId } from '../../blocks/wire.ts';
import { optionKey } from '../domain/option-key.ts';
import type { Permission } from '../domain/request.ts';
import { instant } from '../domain/time.ts';
import { chosen, typed, type Values } from './press.ts';
import { type FormHours, readHours } from './read-hours.ts';

/** What was chosen of the right stands as option keys; see `app/request-form.ts`. */
export type FormState = Omit<Filled, 'hours'> & {
  readonly hours?: FormHours;
  readonly service?: string | undefined;
  readonly integration: string | undefined;
  readonly accessType: string | undefined;
  readonly resource: string | undefined;
};

/** The right as the form has it: to begin with it, spread over {@link emptyForm}. */
export const keysOf = ({ integration, accessType, resource }: Permission): Pick<FormState, 'integration' | 'accessType' | 'resource'> => ({
  integration: optionKey(integration),
  accessType: optionKey(accessType),
  resource: optionKey(resource),
});

export const emptyForm: FormState & { readonly hours?: undefined } = {
  seed: '',
  integration: undefined,
  accessType: undefined,
  resource: undefined,
  reason: undefined,
  duration: undefined,
  byEnd: false,
  until: undefined,
  forOther: false,
  to: undefined,
  stranger: undefined,
  breakGlass: false,
};

const isTicked = (values: Values, box: string, option: string): boolean =>
  (values[box]?.[box]?.selected_options ?? []).some(({ value }) => value === option);

/** A choice that was made under another one, which is not the one above it any more, does not count. */
export function readForm(values: Values, metadata: string): FormState {
  const { seed, zone } = decodeMemo(metadata);
  const integration = chosen(values, formBlocks.integration({ seed }), actionIds.formIntegration);
  const accessType = chosen(values, formBlocks.accessType({ seed, integration }), actionIds.formAccessType);
  const resource = chosen(values, formBlocks.resource({ seed, integration, accessType }), actionIds.formResource);
  const length = chosen(values, actionIds.formDuration, actionIds.formDuration);
  const until = values[actionIds.formUntil]?.[actionIds.formUntil]?.selected_date_time ?? undefined;
  const forOther = isTicked(values, actionIds.formForOther, forOtherValue);
  return {
    seed,
    integration,
    accessType,
    resource,
    reason: typed(values, blockIds.reason, inputId(blockIds.reason)),
    duration: decodeDuration(length),
    byEnd: length === untilValue,
    until: until === undefined ? undefined : instant(until * 1000),
    forOther,
    to: forOther ? (values[actionIds.formTo]?.[actionIds.formTo]?.selected_user ?? undefined) : undefined,
    stranger: undefined,
    hours: readHours(values, zone),
    breakGlass: isTicked(values, actionIds.breakGlass, breakGlassValue),
  };
}
