import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { createCourier } from './courier.ts';
import type { Answer, Delivery, DeliveryTweaks } from './delivery.ts';
import { createHands, type Hands } from './driver.ts';
import { createFaults, type Faults } from './faults.ts';
import { sendJson } from './http-body.ts';
import type { Enterprise, Hub } from './hub.ts';
import { handlePage } from './page-api.ts';
import { createPageEvents } from './page-events.ts';
import { type NewPerson, toSlackUser } from './people.ts';
import { handleResponsePost } from './response-endpoint.ts';
import { createResponseUrls } from './response-urls.ts';
import { createRotation, type RotationOptions } from './rotation.ts';
import { createSocketLink, type SocketLink } from './socket-link.ts';
import { type Command, createState, findPerson, type NewChannel, type Shortcut, type State } from './state.ts';
import { createSteps, type Execution, runStep, type StepFunctions } from './steps.ts';
import { createTriggers } from './triggers.ts';
import { type Call, createWebApi } from './web-api/server.ts';

const everyScope =
  'commands chat:write im:write users:read users:read.email channels:read groups:read channels:history groups:history im:history'.split(
    ' ',
  );

export type LocalWorkspaceOptions = {
  /** Where this server is reached, without a slash at the end; asked when needed, so it may be known only after listening. */
  baseUrl: () => string;
  /** Where signed posts go while no socket is open, e.g. `http://127.0.0.1:3000/slack/events`. Read at each delivery. */
  http?: { url: string } | undefined;
  signingSecret: string;
  botToken: string;
  appToken: string;
  /** The app has token rotation; then `botToken` is not good. */
  rotation?: RotationOptions | undefined;
  /** Makes this a team of Enterprise Grid. Its people name it by themselves. */
  enterprise?: Enterprise | undefined;
  /** What the app was allowed when it was installed; all that its manifest asks for, unless given. */
  scopes?: readonly string[] | undefined;
  manifest: { commands: readonly Command[]; shortcuts: readonly Shortcut[]; functions?: StepFunctions | undefined };
  /** More people (deactivated, guests, bots, of another team); all but bots are in both channels, as everybody is. */
  people?: readonly NewPerson[] | undefined;
  channels?: readonly NewChannel[] | undefined;
  /** How many messages a channel remembers; 200 unless given. */
  keptPerChannel?: number | undefined;
  /** Epoch milliseconds; for tests of what expires. */
  now?: (() => number) | undefined;
  log?: ((line: string) => void) | undefined;
};

/** What tests and scripts hold of the workspace. */
export type WorkspaceDriver = {
  as: (nameOrId: string) => Hands;
  /** Settles when the predicate holds, looked at after each change; rejects after `timeoutMs`. */
  until: <T>(predicate: () => T | undefined | null | false, timeoutMs?: number) => Promise<T>;
  faults: Faults;
  warnings: readonly string[];
  calls: readonly Call[];
  /** Deliveries to the app so far, to look at or to repeat. */
  sent: readonly Delivery[];
  deliver: (delivery: Delivery, tweaks?: DeliveryTweaks) => Promise<Answer>;
  deliverEvent: (event: Record<string, unknown>) => Promise<Answer>;
  /** Changes somebody's account and tells the app by a user_change event. */
  changePerson: (nameOrId: string, patch: Partial<NewPerson>) => Promise<void>;
  /** Has a workflow come to a step of the app; `inputs` are what its author gave it. */
  runStep: (callbackId: string, inputs: Record<string, unknown>) => Promise<Execution>;
  isSocketOpen: () => boolean;
  socketCount: () => number;
  disconnectSockets: SocketLink['disconnect'];
  state: State;
};

export type LocalWorkspace = {
  /** True if the path was the workspace's own; then it is answered. */
  handle: (request: IncomingMessage, response: ServerResponse) => boolean;
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
  workspace: WorkspaceDriver;
  [Symbol.asyncDispose]: () => Promise<void>;
};

function createHub(options: LocalWorkspaceOptions, state: State): Hub {
  const link = createSocketLink(state.changed);
  const { signingSecret, http } = options;
  return {
    baseUrl: options.baseUrl,
    botToken: options.botToken,
    rotation: options.rotation && createRotation(options.rotation),
    appToken: options.appToken,
    enterprise: options.enterprise,
    scopes: options.scopes ?? everyScope,
    state,
    triggers: createTriggers(state.now),
    responseUrls: createResponseUrls(state.now),
    link,
    courier: createCourier({ link, http, signingSecret, now: state.now, warn: state.warn }),
    steps: createSteps(options.manifest.functions),
  };
}

function until(state: State): WorkspaceDriver['until'] {
  return (predicate, timeoutMs = 5000) =>
    new Promise((resolve, reject) => {
      const look = () => {
        try {
          const found = predicate();
          if (found === undefined || found === null || found === false) return;
          finish();
          resolve(found);
        } catch (error) {
          finish();
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      const timer = setTimeout(() => {
        finish();
        reject(new Error(`nothing like this happened within ${timeoutMs} ms: ${predicate.toString()}`));
      }, timeoutMs);
      const stop = state.onChange(look);
      const finish = () => {
        clearTimeout(timer);
        stop();
      };
      look();
    });
}

function createDriver(hub: Hub, faults: Faults, calls: readonly Call[]): WorkspaceDriver {
  const { state, courier, link } = hub;
  const known = (nameOrId: string) => {
    const person = findPerson(state, nameOrId);
    if (person === undefined) throw new Error(`nobody is called ${nameOrId}`);
    return person;
  };
  return {
    as: (nameOrId) => createHands(hub, known(nameOrId).id),
    until: until(state),
    faults,
    warnings: state.warnings,
    calls,
    sent: courier.sent,
    deliver: courier.deliver,
    deliverEvent: courier.deliverEvent,
    changePerson: async (nameOrId, patch) => {
      const person = Object.assign(known(nameOrId), patch);
      state.changed();
      await courier.deliverEvent({ type: 'user_change', user: toSlackUser(person, state.now()) });
    },
    runStep: (callbackId, inputs) => runStep(hub, callbackId, inputs),
    isSocketOpen: link.isOpen,
    socketCount: link.count,
    disconnectSockets: link.disconnect,
    state,
  };
}

/**
 * A Slack workspace in this process: the Web API, Socket Mode or signed posts, people, channels and a page
 * on which one can be any of them. An app cannot tell it from Slack but by its address.
 */
export function createLocalWorkspace(options: LocalWorkspaceOptions): LocalWorkspace {
  const { commands, shortcuts } = options.manifest;
  const state = createState({
    commands,
    shortcuts,
    people: options.people,
    channels: options.channels,
    keptPerChannel: options.keptPerChannel,
    now: options.now,
    log: options.log,
  });
  const hub = createHub(options, state);
  const faults = createFaults();
  const webApi = createWebApi(hub, faults);
  const events = createPageEvents(state);

  const route = (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const method = /^\/sandbox\/slack\/api\/([\w.]{1,80})$/.exec(url.pathname)?.[1];
    if (method !== undefined) return webApi.handle(request, response, method);
    const id = /^\/sandbox\/slack\/response\/([\w-]{1,80})$/.exec(url.pathname)?.[1];
    if (id !== undefined) return handleResponsePost(hub, faults, request, response, id);
    return handlePage(hub, events, request, response, url);
  };
  const onFault = (response: ServerResponse, error: unknown) => {
    options.log?.(`fault: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    if (response.headersSent) response.destroy();
    else sendJson(response, 500, { ok: false, error: 'internal_error' });
  };

  return {
    handle: (request, response) => {
      const target = request.url ?? '/';
      if (!/^\/sandbox(?:[/?]|$)/.test(target) || !URL.canParse(target, 'http://local')) return false;
      route(request, response, new URL(target, 'http://local')).catch((error: unknown) => onFault(response, error));
      return true;
    },
    upgrade: (request, socket, head) => {
      const url = URL.parse(request.url ?? '/', 'http://local');
      if (url?.pathname !== '/sandbox/slack/link') return false;
      hub.link.upgrade(request, socket, head, url.searchParams.get('ticket') ?? '');
      return true;
    },
    workspace: createDriver(hub, faults, webApi.calls),
    [Symbol.asyncDispose]: async () => {
      hub.courier.close();
      events.close();
      await hub.link.close();
    },
  };
}
