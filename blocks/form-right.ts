/** What is asked for: integration, then access type, then resource. */
import type { ExternalSelect, InputBlock, OptionGroup, PlainTextOption, StaticSelect } from '@slack/types';
import { optionKey } from '../src/domain/option-key.ts';
import { formBlocks, type FormPath } from './form-wire.ts';
import { input } from './form-input.ts';
import { plain } from './kit.ts';
import { onOneLine } from './line.ts';
import type { FormProps } from './request-form.ts';
import { actionIds, rightKey } from './wire.ts';

/** Slack takes so many options in one select, or in one answer. */
const mostOptions = 100;

type Named = FormProps['integrations'][number];
type Item = { readonly resource: string; readonly label: string };
type Offer = { readonly options: PlainTextOption[] } | { readonly option_groups: (OptionGroup & { options: PlainTextOption[] })[] };

const optionOf = (text: string, name: string): PlainTextOption => ({ text: plain(text, 75), value: optionKey(name) });

export const integrationOption = ({ name, service }: Named): PlainTextOption =>
  optionOf(name === service ? name : `${onOneLine(name, 45)} (${onOneLine(service, 25)})`, name);

/** What it is called, and below it what the target calls it. */
export const resourceOption = ({ resource, label }: Item): PlainTextOption => ({
  ...optionOf(label, resource),
  ...(label === resource ? {} : { description: plain(resource, 75) }),
});

/** As many as a list takes, and then it says so: one that ends without a word looks like all that there is. */
export function resourceOffer(items: readonly Item[]): Offer {
  const options = items.slice(0, mostOptions).map(resourceOption);
  if (items.length < mostOptions) return { options };
  return { option_groups: [{ label: plain(`The first ${mostOptions}: type more of its name`, 75), options }] };
}

/** Grouped by service where a service has several. */
export function integrationOffer(integrations: readonly Named[]): Offer {
  const shown = integrations.slice(0, mostOptions);
  const groups = Map.groupBy(shown, ({ service }) => service);
  if (groups.size < 2 || groups.size === shown.length) return { options: shown.map(integrationOption) };
  return { option_groups: [...groups].map(([service, each]) => ({ label: plain(service, 75), options: each.map(integrationOption) })) };
}

export function againInputs(recent: FormProps['recent']): InputBlock[] {
  if (recent.length === 0) return [];
  const options = recent.map(({ integration, accessType, resource, label }) => ({
    text: plain(`${onOneLine(accessType, 20)} ${onOneLine(label, 30)} on ${onOneLine(integration, 20)}`, 75),
    value: rightKey(integration, accessType, resource),
  }));
  const element: StaticSelect = {
    type: 'static_select',
    action_id: actionIds.formAgain,
    placeholder: plain('Choose to fill in the form', 150),
    options,
  };
  return [input(actionIds.formAgain, 'Ask again for', element, { optional: true, tells: true })];
}

export function rightInputs(
  { integrations, accessTypes, chosen }: Pick<FormProps, 'integrations' | 'accessTypes' | 'chosen'>,
  path: FormPath,
): InputBlock[] {
  return [
    input(formBlocks.integration(path), 'Where?', integrationSelect(integrations, chosen.integration), { tells: true }),
    ...(chosen.integration === undefined || accessTypes.length === 0
      ? []
      : [input(formBlocks.accessType(path), 'What kind of access?', typeSelect(accessTypes, chosen.accessType), { tells: true })]),
    ...(chosen.accessType === undefined
      ? []
      : [input(formBlocks.resource(path), 'Which one?', resourceSelect(chosen.resource), { tells: true })]),
  ];
}

function integrationSelect(integrations: readonly Named[], chosen: Named | undefined): StaticSelect | ExternalSelect {
  const initial = chosen === undefined ? {} : { initial_option: integrationOption(chosen) };
  if (integrations.length > mostOptions)
    return {
      type: 'external_select',
      action_id: actionIds.formIntegration,
      min_query_length: 0,
      placeholder: plain('Type a part of its name', 150),
      ...initial,
    };
  const base = { type: 'static_select', action_id: actionIds.formIntegration, placeholder: plain('Choose', 150) } as const;
  return { ...base, ...integrationOffer(integrations), ...initial };
}

function typeSelect(accessTypes: readonly string[], chosen: string | undefined): StaticSelect {
  const shown = accessTypes.slice(0, mostOptions);
  const named = chosen === undefined || shown.includes(chosen) ? shown : [...shown.slice(1), chosen];
  return {
    type: 'static_select',
    action_id: actionIds.formAccessType,
    placeholder: plain('Choose', 150),
    options: named.map((type) => optionOf(type, type)),
    ...(chosen === undefined ? {} : { initial_option: optionOf(chosen, chosen) }),
  };
}

const resourceSelect = (chosen: Item | undefined): ExternalSelect => ({
  type: 'external_select',
  action_id: actionIds.formResource,
  min_query_length: 0,
  placeholder: plain('Type a part of its name', 150),
  ...(chosen === undefined ? {} : { initial_option: resourceOption(chosen) }),
});
