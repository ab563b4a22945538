/** Everything Slack may send us. Registering reads these lists and a test compares them with the manifest, so neither can drift. */
import {
  actionIds,
  type ActionId,
  optionIds,
  type OptionId,
  shortcutIds,
  type ShortcutId,
  type StepId,
  stepIds,
  viewIds,
  type ViewId,
} from '../../blocks/wire.ts';

export const defaultCommand = '/access';

export const listened = {
  commands: [defaultCommand],
  actions: Object.values(actionIds) satisfies readonly ActionId[],
  options: Object.values(optionIds) satisfies readonly OptionId[],
  views: Object.values(viewIds) satisfies readonly ViewId[],
  shortcuts: Object.values(shortcutIds) satisfies readonly ShortcutId[],
  functions: Object.values(stepIds) satisfies readonly StepId[],
  /** The second is taken by `recording-app.ts`, before it is acknowledged. */
  events: ['app_home_opened', 'user_change', 'function_executed'],
} as const;

/** The methods that are called, each with the scopes it needs. `users:read.email` gates the address in `users.info`. */
export const methodScopes: Readonly<Record<string, readonly string[]>> = {
  'auth.teams.list': [],
  'auth.test': [],
  'chat.getPermalink': [],
  'chat.postMessage': ['chat:write'],
  'chat.update': ['chat:write'],
  'conversations.info': ['channels:read', 'groups:read'],
  'conversations.list': ['channels:read', 'groups:read'],
  'conversations.open': ['im:write'],
  'functions.completeError': [],
  'functions.completeSuccess': [],
  'users.info': ['users:read', 'users:read.email'],
  'users.lookupByEmail': ['users:read.email'],
  'views.open': [],
  'views.publish': [],
  'views.push': [],
  'views.update': [],
};

/** As above, of what works without them, if worse. */
export const optionalScopes: Readonly<Record<string, readonly string[]>> = {
  'conversations.history': ['channels:history', 'groups:history', 'im:history'],
  'conversations.replies': ['channels:history', 'groups:history', 'im:history'],
};
