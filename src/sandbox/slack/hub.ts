import type { Courier } from './courier.ts';
import type { ResponseTarget, ResponseUrls } from './response-urls.ts';
import type { SocketLink } from './socket-link.ts';
import type { State } from './state.ts';
import type { Triggers } from './triggers.ts';

/** The parts of the workspace, as its own functions see them. */
export type Hub = {
  baseUrl: () => string;
  botToken: string;
  appToken: string;
  state: State;
  triggers: Triggers;
  responseUrls: ResponseUrls;
  link: SocketLink;
  courier: Courier;
};

export function responseUrl(hub: Hub, target: ResponseTarget): string {
  return `${hub.baseUrl()}/sandbox/slack/response/${hub.responseUrls.issue(target)}`;
}
