/** The window in which standing access that nears its end is looked through: opened, turned, and some of it taken away. */
import { type Line, words } from '../../blocks/line.ts';
import { rejectionText, rejectionView } from '../../blocks/notices.ts';
import { standingHeading, standingPerPage, standingReview } from '../../blocks/standing-review.ts';
import { actionIds, decodeId } from '../../blocks/wire.ts';
import type { Caller } from '../app/ports.ts';
import type { RequestId } from '../domain/ids.ts';
import type { Rejection } from '../domain/result.ts';
import { attempt, type Desk, openWindow, privately, windowOf } from './desk.ts';
import { refreshHome } from './on-home.ts';
import type { Press } from './press.ts';
import { unreadable } from './refused.ts';

type ModalView = ReturnType<typeof standingReview>;

export function onOpenStanding(desk: Desk, { userId, triggerId, respond }: Press): Promise<void> {
  return attempt(desk, privately(desk, userId, respond), async () => {
    const opened = await openWindow(desk, triggerId, standingHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(userId);
      await opened.show(
        caller.ok ? await draw(desk, caller.value, undefined, undefined) : rejectionView(standingHeading, caller.rejection),
      );
    });
  });
}

async function draw(desk: Desk, caller: Caller, after: RequestId | undefined, notice: Line | undefined): Promise<ModalView> {
  const found = await desk.useCases.standingReview.page(caller, after, standingPerPage + 1);
  if (!found.ok) return rejectionView(standingHeading, found.rejection);
  // Of the last page nothing may be left by now.
  if (after !== undefined && found.value.length === 0) return draw(desk, caller, undefined, notice);
  return standingReview({ requests: found.value, after, hasMore: found.value.length > standingPerPage, notice });
}

export const onTurnStanding = inWindow((desk, caller, { value }) => draw(desk, caller, decodeId(value), undefined));

/** Each is a decision of its own, by whoever pressed: what they may not end is refused, and the rest is ended all the same. */
export const onEndStanding = inWindow(async (desk, caller, { userId, values, view }) => {
  const after = decodeId(view?.metadata);
  const ids = tickedIn(values);
  if (ids.length === 0) return draw(desk, caller, after, words('Nothing was ticked, and nothing was done.'));
  const refused: Rejection[] = [];
  for (const id of ids) {
    const ended = id === undefined ? unreadable(desk) : await desk.useCases.standingAccess.end(caller, id);
    if (!ended.ok) refused.push(ended.rejection);
  }
  await refreshHome(desk, userId);
  return draw(desk, caller, after, outcome(ids.length - refused.length, refused));
});

const tickedIn = (values: Press['values']): readonly (RequestId | undefined)[] =>
  Object.values(values).flatMap((block) => (block[actionIds.standingChosen]?.selected_options ?? []).map(({ value }) => decodeId(value)));

function outcome(done: number, refused: readonly Rejection[]): Line {
  const [first] = refused;
  return words(
    [
      ...(done === 0 ? [] : [`✅ ${done} ${done === 1 ? 'is' : 'are'} being taken away.`]),
      ...(first === undefined ? [] : [`⚠️ ${refused.length} could not be taken away: ${rejectionText(first)}`]),
    ].join(' '),
  );
}

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
