import { h } from './dom.js';
import { INPUTS } from './inputs.js';
import { menuButton } from './popup.js';
import { SELECTS } from './selects.js';

function button(element, block, surface, common) {
  const look = element.style === 'primary' || element.style === 'danger' ? `button ${element.style}` : 'button';
  const label = element.accessibility_label;
  const press = async (event) => {
    const node = event.currentTarget;
    if (node.ariaBusy === 'true') return;
    node.ariaBusy = 'true';
    await surface.act(block, element, element.value);
    node.ariaBusy = null;
  };
  if (/^https?:\/\//i.test(element.url ?? '')) {
    const props = { id: common.id, class: look, href: element.url, target: '_blank', rel: 'noopener noreferrer', 'aria-label': label };
    return h('a', { ...props, onclick: press }, element.text.text);
  }
  return h('button', { id: common.id, type: 'button', class: look, 'aria-label': label, onclick: press }, element.text.text);
}

function overflow(element, block, surface, common) {
  const items = element.options.map((option) => ({
    label: option.text.text,
    note: option.description?.text,
    pick: () => {
      if (/^https?:\/\//i.test(option.url ?? '')) window.open(option.url, '_blank', 'noopener,noreferrer');
      void surface.act(block, element, option);
    },
  }));
  return menuButton({ id: common.id, 'aria-label': 'More actions' }, items);
}

/** An image; only of this site or carried in its address, so another one shows as its alt text. */
export function picture(image, look) {
  return h('img', { class: look, src: image.image_url, alt: image.alt_text, title: image.alt_text });
}

const ELEMENTS = { ...INPUTS, ...SELECTS, button, overflow, image: (element) => picture(element, 'accessory-image') };

/** One element of a block. `labelled` where the block gives it a visible label. */
export function renderElement(element, block, surface, { labelled = false } = {}) {
  const draw = ELEMENTS[element.type];
  if (draw === undefined) return h('span', { class: 'unknown' }, `(${element.type} is not shown on this page)`);
  const id = surface.idOf(block, element);
  const name = labelled ? undefined : (element.placeholder?.text ?? element.action_id);
  const common = { id, 'aria-label': name, 'aria-describedby': labelled ? `${id}-more` : undefined, data: {} };
  if (element.focus_on_load === true) common.data.focus = 'first';
  return draw(element, block, surface, common);
}
