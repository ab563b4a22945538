/** Dropdowns of durations, and of what gives less. */
import type { PlainTextOption, StaticSelect } from '@slack/types';
import { type DurationSeconds, describeDuration } from '../src/domain/duration.ts';
import type { PermissionRequest } from '../src/domain/request.ts';
import { confirmation, plain } from './kit.ts';
import { actionIds, encodeDuration, encodeNarrow } from './wire.ts';

const mostOptions = 100;

/**
 * Every offered duration, ascending; `chosen` is added where it is none of them, and selected. `note` follows its label,
 * e.g. "as asked". `last` stands below them all.
 */
export function durationSelect(
  actionId: string,
  offered: readonly DurationSeconds[],
  chosen: DurationSeconds,
  note: string,
  last?: { readonly option: PlainTextOption; readonly isChosen: boolean },
): StaticSelect {
  const others = offered.filter((each) => each !== chosen).slice(0, mostOptions - (last === undefined ? 1 : 2));
  const option = (seconds: DurationSeconds): PlainTextOption => {
    const label = describeDuration(seconds);
    return { text: plain(seconds === chosen && note !== '' ? `${label} (${note})` : label, 75), value: encodeDuration(seconds) };
  };
  const options = [...others, chosen].toSorted((a, b) => a - b).map(option);
  return {
    type: 'static_select',
    action_id: actionId,
    placeholder: plain('How long', 150),
    options: last === undefined ? options : [...options, last.option],
    initial_option: last?.isChosen === true ? last.option : option(chosen),
  };
}

/** "Give less…": each choice acts at once, and the message shows what it is a request for then. */
export function narrowSelect(request: PermissionRequest, narrower: readonly string[]): StaticSelect[] {
  const options = narrower.map((to): PlainTextOption => ({ text: plain(to, 75), value: encodeNarrow(request.id, to) }));
  if (options.length === 0) return [];
  return [
    {
      type: 'static_select',
      action_id: actionIds.narrow,
      placeholder: plain('Give less…', 150),
      options: options.slice(0, mostOptions),
      confirm: confirmation('Give less?', 'It becomes a request for what you chose. You still have to approve it.', 'Change it'),
    },
  ];
}
