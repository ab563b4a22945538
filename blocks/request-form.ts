import type { InputBlock, KnownBlock, ModalView, PlainTextOption, StaticSelect } from '@slack/types';
import { type DurationSeconds, describeDuration } from '../src/domain/duration.ts';
import { longestReason } from '../src/domain/reason.ts';
import { durationSelect } from './choices.ts';
import { paragraph, plain, window } from './kit.ts';
import { cut, onOneLine, words } from './line.ts';
import { blockIds, inputId, noticeId, rightKey, viewIds } from './wire.ts';

export type FormProps = {
  readonly integrations: readonly {
    readonly name: string;
    readonly service: string;
    readonly items: readonly { readonly accessType: string; readonly resource: string; readonly label: string }[];
  }[];
  readonly durations: readonly DurationSeconds[];
  readonly maximum: DurationSeconds;
  readonly reasonRequired: boolean;
  /** What was typed already. */
  readonly draft: {
    readonly service: string | undefined;
    readonly accessType: string | undefined;
    readonly resource: string | undefined;
    readonly integration: string | undefined;
    readonly reason: string | undefined;
    readonly duration: DurationSeconds | undefined;
    readonly to: string | undefined;
  };
  /** Ask for whom: only where the command was for somebody else. */
  readonly forOther: boolean;
};

/** Slack takes 100 options in a group; the whole view must stay under 250 KB. */
const mostInGroup = 100;
const mostOptions = 600;
/** Slack takes 3000; a reason that is too long is refused at the field, with words. */
const longestInput = 3000;

type Offered = {
  readonly integration: string;
  readonly service: string;
  readonly accessType: string;
  readonly resource: string;
  readonly label: string;
};

/** The window that asks for access; filled with whatever could be read of the command. */
export function requestForm(props: FormProps): ModalView {
  const offered = props.integrations.flatMap(({ name, service, items }) =>
    items.map((item): Offered => ({ integration: name, service, ...item })),
  );
  const [first] = props.durations;
  if (offered.length === 0 || first === undefined)
    return window('Request access', [paragraph(words('There is nothing to ask for yet.'))], noticeId);
  const left = offered.length - mostOptions;
  const blocks: KnownBlock[] = [
    input(
      blockIds.right,
      'What do you need?',
      rightSelect(offered.slice(0, mostOptions), props.draft),
      left > 0 ? { hint: `${left} more are not listed; the command reaches them.` } : {},
    ),
    ...(props.forOther ? [forInput(props.draft.to)] : []),
    input(
      blockIds.duration,
      'For how long?',
      durationSelect(inputId(blockIds.duration), props.durations, props.draft.duration ?? first, ''),
      {
        hint: `At most ${describeDuration(props.maximum)}. The approver may choose another time.`,
      },
    ),
    reasonInput(props),
  ];
  return {
    type: 'modal',
    callback_id: viewIds.requestForm,
    title: plain('Request access', 24),
    submit: plain('Request', 24),
    close: plain('Cancel', 24),
    blocks,
  };
}

function input(
  blockId: string,
  label: string,
  element: InputBlock['element'],
  more: { hint?: string; optional?: boolean } = {},
): InputBlock {
  return {
    type: 'input',
    block_id: blockId,
    label: plain(label, 2000),
    element,
    ...(more.hint === undefined ? {} : { hint: plain(more.hint, 2000) }),
    ...(more.optional === undefined ? {} : { optional: more.optional }),
  };
}

function rightSelect(offered: readonly Offered[], draft: FormProps['draft']): StaticSelect {
  const option = ({ integration, accessType, resource, label }: Offered): PlainTextOption => ({
    text: plain(label === resource ? `${accessType} ${resource}` : `${accessType} ${label}`, 75),
    value: rightKey(integration, accessType, resource),
  });
  const groups = [...new Set(offered.map((each) => each.integration))].flatMap((name) => {
    const members = offered.filter((each) => each.integration === name);
    const pages = Array.from({ length: Math.ceil(members.length / mostInGroup) }, (_, page) =>
      members.slice(page * mostInGroup, (page + 1) * mostInGroup),
    );
    return pages.map((page) => ({ label: plain(groupName(page), 75), options: page.map(option) }));
  });
  const chosen = chosenOf(offered, draft);
  return {
    type: 'static_select',
    action_id: inputId(blockIds.right),
    placeholder: plain('Choose', 150),
    option_groups: groups.slice(0, mostInGroup),
    ...(chosen === undefined ? {} : { initial_option: option(chosen) }),
  };
}

const groupName = ([first]: readonly Offered[]): string =>
  first === undefined ? '' : `${onOneLine(first.integration, 40)} (${onOneLine(first.service, 25)})`;

/** What was typed, where it means exactly one thing. */
function chosenOf(offered: readonly Offered[], { service, accessType, resource, integration }: FormProps['draft']): Offered | undefined {
  const fits = (asked: string | undefined, has: string): boolean => asked === undefined || asked === has;
  if (service === undefined && integration === undefined) return undefined;
  const found = offered.filter(
    (each) =>
      fits(service, each.service) &&
      fits(accessType, each.accessType) &&
      fits(resource, each.resource) &&
      fits(integration, each.integration),
  );
  return found.length === 1 ? found[0] : undefined;
}

const forInput = (to: string | undefined): InputBlock =>
  input(blockIds.to, 'For whom? (e-mail address)', {
    type: 'plain_text_input',
    action_id: inputId(blockIds.to),
    max_length: 254,
    ...(to === undefined ? {} : { initial_value: cut(to, 254) }),
  });

function reasonInput({ reasonRequired, draft }: FormProps): InputBlock {
  const element: InputBlock['element'] = {
    type: 'plain_text_input',
    action_id: inputId(blockIds.reason),
    multiline: true,
    max_length: longestInput,
    ...(draft.reason === undefined ? {} : { initial_value: cut(draft.reason, longestInput) }),
  };
  return input(blockIds.reason, 'Why?', element, {
    optional: !reasonRequired,
    hint: `Approvers read this. At most ${longestReason} characters.`,
  });
}
