import type { Block } from './block-kit/check.ts';
import type { Json } from './json.ts';
import { APP, DEFAULT_PEOPLE, newPerson, type NewPerson, type Person, TEAM } from './people.ts';

/** Slack's state of one stateful element, e.g. `{ type: 'static_select', selected_option }`. */
export type ElementState = Json & { type: string };
/** block_id → action_id → state, the shape of `state.values`. */
export type Values = Record<string, Record<string, ElementState>>;

export type Message = {
  channel: string;
  ts: string;
  user: string;
  text: string;
  blocks: Block[];
  /** The one person who sees an ephemeral message; null for everybody in the channel. */
  onlyFor: string | null;
  edited: boolean;
  threadTs: string | null;
  /** A reply that stands in the channel too. */
  isBroadcast: boolean;
  metadata: unknown;
  /** What each person has chosen in it: a choice is the chooser's own. */
  choices: Map<string, Values>;
};

export type Channel = {
  id: string;
  name: string;
  kind: 'channel' | 'im';
  members: Set<string>;
  isPrivate: boolean;
  isExtShared: boolean;
  /** The workspace of the organisation in which it is. */
  teamId: string;
  messages: Message[];
};

export type View = {
  id: string;
  userId: string;
  hash: string;
  /** The view as the app gave it, checked. */
  source: Json & { type: string };
  blocks: Block[];
  values: Values;
  rootId: string;
  previousId: string | null;
  errors: Record<string, string>;
  notice: string | null;
};

export type Command = { command: string; description: string; usage_hint: string; should_escape?: boolean | undefined };
export type Shortcut = { name: string; callback_id: string; type: string };
export type NewChannel = { id: string; name: string; members: string[]; isPrivate?: boolean; isExtShared?: boolean; teamId?: string };

export type State = {
  people: Map<string, Person>;
  channels: Map<string, Channel>;
  /** Open modals per person, the top one last. */
  modals: Map<string, View[]>;
  homes: Map<string, View>;
  unread: Map<string, Map<string, number>>;
  busy: Map<string, string>;
  commands: readonly Command[];
  shortcuts: readonly Shortcut[];
  /** What Slack would accept but an app should not do; the newest last. */
  warnings: string[];
  /** Older messages of a channel are forgotten. */
  keptPerChannel: number;
  now: () => number;
  /** A new message timestamp: microseconds, never given twice. */
  nextTs: () => string;
  warn: (line: string) => void;
  changed: () => void;
  /** Calls back after each change; returns what ends that. */
  onChange: (listener: () => void) => () => void;
};

export type StateOptions = {
  commands: readonly Command[];
  shortcuts: readonly Shortcut[];
  people?: readonly NewPerson[] | undefined;
  channels?: readonly NewChannel[] | undefined;
  keptPerChannel?: number | undefined;
  now?: (() => number) | undefined;
  log?: ((line: string) => void) | undefined;
};

const WARNINGS_KEPT = 200;
const KEPT_PER_CHANNEL = 200;

function firstChannels(people: Iterable<Person>, extra: readonly NewChannel[]): Map<string, Channel> {
  const all = [...people].filter((person) => !person.isBot).map((person) => person.id);
  const given: NewChannel[] = [
    { id: 'C0GENERAL', name: 'general', members: all },
    { id: 'C0APPROVAL', name: 'approvals', members: [...all, APP.userId] },
    ...extra,
  ];
  return new Map(
    given.map((channel) => [
      channel.id,
      {
        id: channel.id,
        name: channel.name,
        kind: 'channel' as const,
        members: new Set(channel.members),
        isPrivate: channel.isPrivate ?? false,
        isExtShared: channel.isExtShared ?? false,
        teamId: channel.teamId ?? TEAM.id,
        messages: [],
      },
    ]),
  );
}

/** Everything the workspace remembers, in memory. */
export function createState(options: StateOptions): State {
  const now = options.now ?? Date.now;
  const people = new Map([...DEFAULT_PEOPLE, ...(options.people ?? []).map(newPerson)].map((person) => [person.id, person]));
  const listeners = new Set<() => void>();
  const warnings: string[] = [];
  let lastMicros = 0;
  return {
    people,
    channels: firstChannels(people.values(), options.channels ?? []),
    modals: new Map(),
    homes: new Map(),
    unread: new Map(),
    busy: new Map(),
    commands: options.commands,
    shortcuts: options.shortcuts,
    warnings,
    keptPerChannel: options.keptPerChannel ?? KEPT_PER_CHANNEL,
    now,
    nextTs: () => {
      lastMicros = Math.max(lastMicros + 1, now() * 1000);
      return `${Math.floor(lastMicros / 1e6)}.${String(lastMicros % 1e6).padStart(6, '0')}`;
    },
    warn: (line) => {
      warnings.push(line);
      if (warnings.length > WARNINGS_KEPT) warnings.shift();
      options.log?.(`warning: ${line}`);
    },
    changed: () => {
      for (const listener of listeners) listener();
    },
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A person by id or by name. */
export function findPerson(state: State, nameOrId: string): Person | undefined {
  return state.people.get(nameOrId) ?? [...state.people.values()].find((person) => person.name === nameOrId);
}
