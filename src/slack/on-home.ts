import { home, homeNotice } from '../../blocks/home.ts';
import { rejectionText } from '../../blocks/notices.ts';
import { type Desk, reportFault } from './desk.ts';

/** Draws the home tab of one person. A fault is told there: the tab is the only place they are looking at. */
export async function publishHome(desk: Desk, userId: string): Promise<void> {
  await desk.client.views.publish({ user_id: userId, view: await homeOf(desk, userId) });
}

/** After a change made elsewhere. The change is done: that the tab is late must not look like a failure of it. */
export async function refreshHome(desk: Desk, userId: string): Promise<void> {
  await publishHome(desk, userId).catch((error: unknown) => desk.log.warn({ err: error }, 'the home tab could not be redrawn'));
}

async function homeOf(desk: Desk, userId: string): Promise<ReturnType<typeof home>> {
  try {
    const caller = await desk.identities.caller(userId);
    return caller.ok ? home(await desk.useCases.home(caller.value)) : homeNotice(rejectionText(caller.rejection));
  } catch (error) {
    return homeNotice(reportFault(desk.log, error));
  }
}
