import { type home, homeNotice } from '../../blocks/home.ts';
import { decodePosition, decodeTurn, type HomePosition } from '../../blocks/home-position.ts';
import { apiError } from './api-error.ts';
import { type Desk, reportFault } from './desk.ts';
import { tabOf } from './home-tabs.ts';
import type { Press } from './press.ts';

/** Which tab is to be replaced, and where in its lists it is to be. */
export type HomeDrawing = { readonly position?: HomePosition; readonly hash?: string | undefined };

/**
 * Draws the home tab of one person. A fault is told there: the tab is the only place they are looking at. With the hash of
 * what they see, a tab that was drawn meanwhile is not overwritten by what was read before that: it is read again.
 */
export async function publishHome(desk: Desk, userId: string, drawing: HomeDrawing = {}): Promise<void> {
  const { hash } = drawing;
  const publish = (view: HomeView, more: { readonly hash?: string } = {}) => desk.client.views.publish({ user_id: userId, view, ...more });
  let drawn = await draw(desk, userId, drawing);
  try {
    await publish(drawn.view, hash === undefined ? {} : { hash });
  } catch (error) {
    if (hash === undefined || apiError(error) !== 'hash_conflict') throw error;
    drawn = await draw(desk, userId, drawing);
    await publish(drawn.view);
  }
  // Where that is not put down, the tab is drawn once more in half a minute.
  await drawn.keep().catch((error: unknown) => desk.log.warn({ err: error }, 'it was not put down what a home tab shows'));
}

/** When somebody opens the tab: at its beginning. `seen` is the tab as they had it. */
export const openHome = (desk: Desk, userId: string, seen?: object): Promise<void> =>
  publishHome(desk, userId, { hash: seen !== undefined && 'hash' in seen && typeof seen.hash === 'string' ? seen.hash : undefined });

/** After a change made elsewhere. The change is done: that the tab is late must not look like a failure of it. */
export async function refreshHome(desk: Desk, userId: string, position?: HomePosition): Promise<void> {
  const drawing = position === undefined ? {} : { position };
  await publishHome(desk, userId, drawing).catch((error: unknown) => desk.log.warn({ err: error }, 'the home tab could not be redrawn'));
}

/** After a press on it: it stays where it was in its lists. */
export const redrawHome = (desk: Desk, { userId, view }: Press): Promise<void> => refreshHome(desk, userId, decodePosition(view?.metadata));

/** Newer or Older. A value that is none of ours redraws the tab as it was. */
export async function onTurnHome(desk: Desk, { userId, value, view }: Press): Promise<void> {
  const was = decodePosition(view?.metadata);
  const turned = decodeTurn(value);
  const position = turned === undefined ? was : { ...was, [turned.list]: turned.to };
  await publishHome(desk, userId, { position, hash: view?.hash });
}

type HomeView = ReturnType<typeof home>;
/** `keep` puts down that it has been drawn: from then on it is kept true, whoever changes something. */
type Drawn = { readonly view: HomeView; readonly keep: () => Promise<void> };

async function draw(desk: Desk, userId: string, { position = decodePosition(undefined) }: HomeDrawing): Promise<Drawn> {
  try {
    const { org, useCases } = desk;
    const begun = await useCases.homeTabs.begin(org, userId);
    const { view, drawn } = await tabOf(await desk.identities.caller(userId), position, (...given) => useCases.home(...given));
    return { view, keep: () => useCases.homeTabs.drawn(org, userId, begun, drawn) };
  } catch (error) {
    return { view: homeNotice(reportFault(desk.log, error)), keep: async () => undefined };
  }
}
