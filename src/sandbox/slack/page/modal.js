import { renderBlocks, showErrors } from './blocks.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { createSurface } from './surface.js';

const FOCUSABLE = 'a[href], button, input, select, textarea, [tabindex="0"]';

/** Keeps Tab inside `node`. */
export function trapTab(node, event) {
  if (event.key !== 'Tab') return;
  const all = [...node.querySelectorAll(FOCUSABLE)].filter((one) => !one.disabled && one.checkVisibility());
  const edge = event.shiftKey ? all[0] : all.at(-1);
  if (document.activeElement !== edge && node.contains(document.activeElement)) return;
  event.preventDefault();
  (event.shiftKey ? all.at(-1) : all[0])?.focus();
}

/** The parts of a modal; its head, body and foot never change place. */
function frame(seatId, onClose) {
  const title = h('h2', { id: `${seatId}-modal-title` });
  const notice = h('p', { class: 'notice', role: 'alert', hidden: true });
  const blocks = h('div', { class: 'blocks' });
  const cancel = h('button', { type: 'button', class: 'button', onclick: onClose });
  const submit = h('button', { type: 'submit', class: 'button primary' });
  const close = h('button', { type: 'button', class: 'tool', 'aria-label': 'Close', onclick: onClose }, icon('close'));
  const form = h(
    'form',
    { class: 'modal', role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': title.id, novalidate: true },
    h('header', null, icon('moon'), title, close),
    h('div', { class: 'modal-body' }, notice, blocks),
    h('footer', null, cancel, submit),
  );
  return { title, notice, blocks, cancel, submit, form };
}

/**
 * The modals a person has open: the top one of their stack, over everything else in the seat.
 * @param {(isOpen: boolean) => void} onCover
 */
export function createModals(env, seatId, draftsFor, onCover) {
  const layer = h('div', { class: 'layer', hidden: true });
  let open;

  const close = () => env.send({ type: 'close', viewId: open.id });
  const submit = async (event) => {
    event.preventDefault();
    const { parts, surface, id } = open;
    if (parts.submit.hidden || parts.submit.disabled) return;
    parts.submit.disabled = true;
    env.pressed(true);
    await env.send({ type: 'submit', viewId: id, state: surface.drafts.values(surface.blocks) });
    parts.submit.disabled = false;
  };
  const show = (view) => {
    const parts = frame(seatId, close);
    const surface = createSurface(env, { kind: 'view', viewId: view.id }, draftsFor(view.id), `${seatId}-${view.id}`);
    parts.form.addEventListener('submit', submit);
    parts.form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape' && document.querySelector('.popup:popover-open') === null) void close();
      else trapTab(parts.form, event);
    });
    open = { id: view.id, parts, surface, errors: 0 };
    layer.replaceChildren(parts.form);
    layer.hidden = false;
    onCover(true);
  };
  const fill = (view) => {
    const { parts, surface } = open;
    parts.title.textContent = view.title?.text ?? '';
    parts.cancel.textContent = view.close?.text ?? (view.submit ? 'Cancel' : 'Close');
    parts.submit.textContent = view.submit?.text ?? '';
    parts.submit.hidden = !view.submit;
    parts.notice.textContent = view.notice ?? '';
    parts.notice.hidden = !view.notice;
    renderBlocks(parts.blocks, view.blocks, surface, view.state);
    showErrors(parts.blocks, view.errors ?? {});
  };
  const focusFirst = () => {
    const { parts } = open;
    const first = parts.blocks.querySelector('[data-focus=first]') ?? parts.blocks.querySelector('.field, .ticks input');
    (first ?? (parts.submit.hidden ? parts.cancel : parts.submit)).focus({ preventScroll: true });
  };

  return {
    layer,
    update: (views) => {
      const view = views.at(-1);
      if (view === undefined) {
        if (open === undefined) return;
        open = undefined;
        layer.replaceChildren();
        layer.hidden = true;
        onCover(false);
        return;
      }
      if (open?.id !== view.id) show(view);
      fill(view);
      // A loading view has nothing to fill in; the focus goes to the first field when one arrives.
      const hasFields = open.parts.blocks.querySelector('.field, .ticks') !== null;
      const errors = Object.keys(view.errors ?? {}).length;
      if (errors > open.errors) open.parts.blocks.querySelector('[aria-invalid=true]')?.focus();
      else if (open.hadFields === undefined || (hasFields && !open.hadFields)) focusFirst();
      open.errors = errors;
      open.hadFields = hasFields;
    },
  };
}
