const FIELDS = {
  static_select: 'selectedOption',
  external_select: 'selectedOption',
  radio_buttons: 'selectedOption',
  overflow: 'selectedOption',
  multi_static_select: 'selectedOptions',
  checkboxes: 'selectedOptions',
  users_select: 'selectedUser',
  conversations_select: 'selectedConversation',
  datepicker: 'selectedDate',
  timepicker: 'selectedTime',
  datetimepicker: 'selectedDateTime',
};

/**
 * One message or view as its blocks see it: where values are kept and actions go.
 * @param {{ send: Function, confirm: Function, names: any, users: () => any[], channels: () => any[] }} env
 * @param {{ kind: 'message', channel: string, ts: string } | { kind: 'view', viewId: string }} container
 * @param {string} id prefix of element ids, unlike any other surface's on the page
 */
export function createSurface(env, container, drafts, id) {
  const surface = { env, container, drafts, blocks: [] };

  surface.idOf = (block, element) => `${id}-${block.block_id}-${element.action_id}`;
  surface.valueOf = drafts.valueOf;

  /** Tells the app of a press or a choice; false where the person took it back. */
  surface.act = async (block, element, value) => {
    if (element.confirm !== undefined && !(await env.confirm(element.confirm))) return false;
    env.pressed(element.style === 'primary');
    await env.send({
      type: 'block_action',
      container,
      blockId: block.block_id,
      actionId: element.action_id,
      [FIELDS[element.type] ?? 'value']: value,
      state: drafts.values(surface.blocks),
    });
    return true;
  };

  /** Keeps a value, and tells the app where the block asks for that; `undo` shows the old value again. */
  surface.change = async (block, element, value, undo) => {
    const before = drafts.valueOf(block, element);
    drafts.set(block, element, value);
    if (block.type === 'input' && block.dispatch_action !== true) return;
    if (await surface.act(block, element, value)) return;
    drafts.set(block, element, before);
    undo(before);
  };

  /** Keeps typed text; the app hears of it on Enter, or on every character where it asks for that. */
  surface.type = (block, element, text) => {
    drafts.set(block, element, text === '' ? null : text);
    const triggers = element.dispatch_action_config?.trigger_actions_on ?? [];
    if (block.dispatch_action === true && triggers.includes('on_character_entered')) void surface.act(block, element, text);
  };

  /** The option groups for a query; a group without a label for a flat answer. */
  surface.load = async (block, element, query) => {
    const answer = await env.send({ type: 'options', container, blockId: block.block_id, actionId: element.action_id, query });
    if (!answer.ok) return [];
    return answer.option_groups ?? [{ options: answer.options ?? [] }];
  };

  return surface;
}
