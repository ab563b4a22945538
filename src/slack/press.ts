import type { BlockAction, BlockElementAction, RespondFn, ViewStateValue } from '@slack/bolt';

/** What came of a button, cut down to what may be used: who pressed, and values to look things up by. */
export type Press = {
  readonly userId: string;
  /** Of a button, or of what was chosen in a dropdown that acts at once. */
  readonly value: string | undefined;
  readonly triggerId: string;
  /** Slack's time of it. Two that are made one after the other may reach us the other way round. */
  readonly ts: string;
  readonly values: Values;
  /** The view it stands in; undefined for a message. */
  readonly view:
    | { readonly id: string; readonly isHome: boolean; readonly callbackId: string; readonly metadata: string; readonly hash: string }
    | undefined;
  readonly respond: RespondFn | undefined;
};

export type Values = Readonly<Record<string, Readonly<Record<string, ViewStateValue>>>>;

export function readPress(body: BlockAction, action: BlockElementAction, respond: RespondFn): Press {
  return {
    userId: body.user.id,
    value: action.type === 'button' ? action.value : action.type === 'static_select' ? action.selected_option.value : undefined,
    triggerId: body.trigger_id,
    ts: action.action_ts,
    values: body.view?.state?.values ?? body.state?.values ?? {},
    view: body.view === undefined ? undefined : readView(body.view),
    // Views have no place to respond to.
    respond: body.view === undefined ? respond : undefined,
  };
}

const readView = ({
  id,
  type,
  callback_id: callbackId,
  private_metadata: metadata,
  hash,
}: NonNullable<BlockAction['view']>): NonNullable<Press['view']> => ({
  id,
  isHome: type === 'home',
  callbackId,
  metadata,
  hash,
});

export const chosen = (values: Values, blockId: string, actionId: string): string | undefined =>
  values[blockId]?.[actionId]?.selected_option?.value;

/** Everything chosen where several may be; undefined where there is no such field. */
export const chosenAll = (values: Values, blockId: string, actionId: string): readonly string[] | undefined => {
  const field = values[blockId]?.[actionId];
  return field === undefined ? undefined : (field.selected_options ?? []).map(({ value }) => value);
};

export const typed = (values: Values, blockId: string, actionId: string): string | undefined =>
  values[blockId]?.[actionId]?.value ?? undefined;
