/** Home tabs that people have opened lately show what is true, whoever changed it and wherever. */
import type { Org, PersonId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { Outcome } from '../domain/route.ts';
import { whyNotInRole } from './authority.ts';
import type { DecideDeps } from './decide-request.ts';
import { takeGlance } from './glance.ts';
import type { Jobs, Log, Messenger } from './ports.ts';
import { readHome } from './read-home.ts';
import { usablePaths, whyNotDecide } from './routing.ts';

/** Of those who have opened their tab, the latest; each is asked whether they may decide a request that they are not shown. */
const mostOpeners = 500;
/** A process draws so many in a second: Slack takes about a hundred in a minute, and other messages wait in the same queue. */
const atOnce = 2;

/** Has every tab looked at that shows something of this request, or should. Whether it differs is seen when it is looked at. */
export async function changeHomes(
  deps: Pick<DecideDeps, 'store' | 'routing'>,
  request: PermissionRequest,
  outcome: Outcome,
): Promise<void> {
  const { org, id, requestor, principal } = request;
  const deciders = request.state.kind === 'pending' || request.breakGlass !== undefined ? await findDeciders(deps, request, outcome) : [];
  await deps.store.home.tabs.change(org, id, [requestor.id, principal.id, ...deciders]);
}

/** Who decides it, or of what was taken at once, on whose tabs it stands. */
async function findDeciders(
  { store, routing }: Pick<DecideDeps, 'store' | 'routing'>,
  request: PermissionRequest,
  outcome: Outcome,
): Promise<readonly PersonId[]> {
  if (request.breakGlass === undefined && usablePaths(request, outcome).length === 0) return [];
  const openers = await store.home.tabs.openers(request.org, request.id, mostOpeners);
  const glance = takeGlance(routing, store);
  const found: PersonId[] = [];
  for (const person of openers) {
    const whyNot =
      request.breakGlass === undefined
        ? await whyNotDecide(glance.routing, glance.reads, request, outcome, { person })
        : await whyNotInRole(glance.routing, glance.reads, { org: request.org, person }, ['owner', 'manager']);
    if (whyNot === undefined) found.push(person.id);
  }
  return found;
}

export type HomeWork = DecideDeps & { readonly org: Org; readonly messenger: Messenger; readonly log: Log };

/** Asks for the tabs whose moment has come. Where the queue does not take them, they are drawn without it. */
export async function wakeHomes(deps: HomeWork, jobs: Jobs): Promise<void> {
  const accounts = await deps.store.home.tabs.due(deps.org, atOnce);
  if (accounts.length === 0) return;
  try {
    await jobs.wake(accounts.map((account) => ({ kind: 'home', account })));
  } catch (error) {
    deps.log.warn({ err: error }, 'the queue did not take a home tab; it is drawn without the queue');
    for (const account of accounts) await drawHomeTab(deps, account);
  }
}

/** Draws a tab anew if it differs from what it shows. One that cannot be drawn now comes again. */
export async function drawHomeTab(deps: HomeWork, account: string): Promise<void> {
  const { store, org, messenger, log } = deps;
  const claim = await store.home.tabs.claim(org, account);
  if (claim === undefined) return;
  try {
    const drawn = await messenger.drawHome(claim, (caller, position) => readHome(deps, caller, position));
    await store.home.tabs.release(org, claim, drawn);
  } catch (error) {
    log.warn({ err: error, account }, 'a home tab could not be drawn; it is tried again');
    await store.home.tabs.release(org, claim, 'failed');
  }
}
