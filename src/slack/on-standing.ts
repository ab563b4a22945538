/** The window in which standing access that nears its end is looked through: opened, turned, and some of it kept or taken away. */
import { type Line, words } from '../../blocks/line.ts';
import { rejectionText, rejectionView } from '../../blocks/notices.ts';
import { outcomeLine, standingHeading, type StandingOutcome, standingPerPage, standingReview } from '../../blocks/standing-review.ts';
import { actionIds, decodeId } from '../../blocks/wire.ts';
import type { Caller } from '../app/ports.ts';
import type { RequestId } from '../domain/ids.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { Rejection } from '../domain/result.ts';
import type { Instant } from '../domain/time.ts';
import { attempt, type Desk, openWindow, privately, windowOf } from './desk.ts';
import { refreshHome } from './on-home.ts';
import type { Press } from './press.ts';

type ModalView = ReturnType<typeof standingReview>;

export function onOpenStanding(desk: Desk, { userId, triggerId, respond }: Press): Promise<void> {
  return attempt(desk, privately(desk, userId, respond), async () => {
    const opened = await openWindow(desk, triggerId, standingHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(userId);
      await opened.show(caller.ok ? await draw(desk, caller.value, undefined, []) : rejectionView(standingHeading, caller.rejection));
    });
  });
}

async function draw(desk: Desk, caller: Caller, after: RequestId | undefined, notice: readonly Line[]): Promise<ModalView> {
  const found = await desk.useCases.standingReview.page(caller, after, standingPerPage + 1);
  if (!found.ok) return rejectionView(standingHeading, found.rejection);
  // Of the last page nothing may be left by now.
  if (after !== undefined && found.value.length === 0) return draw(desk, caller, undefined, notice);
  return standingReview({ requests: found.value, after, hasMore: found.value.length > standingPerPage, notice });
}

export const onTurnStanding = inWindow((desk, caller, { value }) => draw(desk, caller, decodeId(value), []));

export const onEndStanding = inWindow((desk, caller, press) =>
  decideEach(desk, caller, press, async (id) => {
    const ended = await desk.useCases.standingAccess.end(caller, id);
    return ended.ok ? { kind: 'ending' } : refused(ended.rejection);
  }),
);

export const onKeepStanding = inWindow((desk, caller, press) =>
  decideEach(desk, caller, press, async (id) => {
    const kept = await desk.useCases.standingAccess.keep(caller, id);
    return kept.ok ? { kind: 'kept', until: endOf(kept.value) } : refused(kept.rejection);
  }),
);

type Came = StandingOutcome['came'];
const refused = (rejection: Rejection): Came => ({ kind: 'refused', why: rejectionText(rejection) });

/** Each is a decision of its own, by whoever pressed: what they may not decide is refused, and the rest is done all the same. */
async function decideEach(
  desk: Desk,
  caller: Caller,
  { userId, values, view }: Press,
  decide: (id: RequestId) => Promise<Came>,
): Promise<ModalView> {
  const after = decodeId(view?.metadata);
  const ids = tickedIn(values);
  if (ids.length === 0) return draw(desk, caller, after, [words('Nothing was ticked, and nothing was done.')]);
  const page = await desk.useCases.standingReview.page(caller, after, standingPerPage);
  if (!page.ok) return rejectionView(standingHeading, page.rejection);
  const named = new Map(page.value.map((request) => [request.id, request]));
  const lines: Line[] = [];
  for (const id of ids) {
    // Not made by us, or by a version that wrote it in another way.
    if (id === undefined) desk.countRefused('press');
    const came = id === undefined ? refused({ code: 'not-found' }) : await decide(id);
    lines.push(outcomeLine({ request: id === undefined ? undefined : named.get(id), came }));
  }
  await refreshHome(desk, userId);
  return draw(desk, caller, after, lines);
}

function endOf({ state }: PermissionRequest): Instant {
  if (state.kind === 'approved' && state.grant.state.kind === 'planned') return state.grant.state.latestEnd;
  if (state.kind === 'approved' && state.grant.state.kind === 'active') return state.grant.state.expiresAt;
  throw new Error('standing access was kept and is not there');
}

const tickedIn = (values: Press['values']): readonly (RequestId | undefined)[] =>
  Object.values(values).flatMap((block) => (block[actionIds.standingChosen]?.selected_options ?? []).map(({ value }) => decodeId(value)));

/** Redraws the window in which something was pressed. */
function inWindow(work: (desk: Desk, caller: Caller, press: Press) => Promise<ModalView>): (desk: Desk, press: Press) => Promise<void> {
  return async (desk, press) => {
    if (press.view === undefined) return;
    const opened = windowOf(desk, press.view.id, standingHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(press.userId);
      await opened.show(caller.ok ? await work(desk, caller.value, press) : rejectionView(standingHeading, caller.rejection));
    });
  };
}
