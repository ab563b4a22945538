import type { Courier } from './courier.ts';
import type { ResponseTarget, ResponseUrls } from './response-urls.ts';
import type { Rotation } from './rotation.ts';
import type { SocketLink } from './socket-link.ts';
import type { State } from './state.ts';
import type { Steps } from './steps.ts';
import type { Triggers } from './triggers.ts';

/** `teams`: those that have the app besides ours, where it is installed in the whole organisation. */
export type Enterprise = { id: string; isOrgWide: boolean; teams?: readonly { id: string; name: string }[] };

/** The parts of the workspace, as its own functions see them. */
export type Hub = {
  baseUrl: () => string;
  botToken: string;
  /** Of an app with token rotation; then `botToken` is not good. */
  rotation: Rotation | undefined;
  appToken: string;
  /** What the bot's token may do, as every answer of Slack tells. */
  scopes: readonly string[];
  state: State;
  /** The organisation of Enterprise Grid, and whether the app is installed in all of it. */
  enterprise: Enterprise | undefined;
  triggers: Triggers;
  responseUrls: ResponseUrls;
  link: SocketLink;
  courier: Courier;
  steps: Steps;
};

export function responseUrl(hub: Hub, target: ResponseTarget): string {
  return `${hub.baseUrl()}/sandbox/slack/response/${hub.responseUrls.issue(target)}`;
}
