import { loading } from '../../blocks/loading.ts';
import { type Desk, type Window, windowOf } from './desk.ts';

/** Opens a window on top of the one in which something was pressed, before anything is looked up. */
export async function pushWindow(desk: Desk, triggerId: string, heading: string): Promise<Window> {
  const { view } = await desk.client.views.push({ trigger_id: triggerId, view: loading(heading) });
  if (view?.id === undefined) throw new Error('views.push named no view');
  return windowOf(desk, view.id, heading);
}
