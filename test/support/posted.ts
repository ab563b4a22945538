import type { WorkspaceDriver } from '../../src/sandbox/slack/local-workspace.ts';
import type { Message } from '../../src/sandbox/slack/state.ts';

type Marked = { readonly request: string; readonly posting: string };

function markOf({ metadata }: Message): Marked | undefined {
  const payload: unknown = Object(metadata).event_payload;
  const { request, posting } = Object(payload) as Partial<Marked>;
  return request === undefined || posting === undefined ? undefined : { request, posting };
}

/** Messages about requests, wherever they stand in the workspace. */
export const posted = ({ workspace }: { readonly workspace: Pick<WorkspaceDriver, 'state'> }) =>
  [...workspace.state.channels.values()].flatMap(({ messages }) =>
    messages.flatMap((message) => {
      const mark = markOf(message);
      return mark === undefined ? [] : [{ ...mark, message }];
    }),
  );
