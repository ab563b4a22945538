import { h, keepFocus, reconcile } from './dom.js';
import { picture, renderElement } from './elements.js';
import { textObject } from './mrkdwn.js';
import { richText } from './rich-text.js';

function section(block, surface) {
  const names = surface.env.names;
  const fields = (block.fields ?? []).map((field) => h('div', { class: 'section-field' }, textObject(field, names)));
  return [
    h(
      'div',
      { class: 'section-main' },
      block.text !== undefined && h('div', { class: 'section-text' }, textObject(block.text, names)),
      fields.length > 0 && h('div', { class: 'section-fields' }, fields),
    ),
    block.accessory !== undefined && h('div', { class: 'section-accessory' }, renderElement(block.accessory, block, surface)),
  ];
}

function context(block, surface) {
  return block.elements.map((element) =>
    element.type === 'image' ? picture(element, 'context-image') : h('span', null, textObject(element, surface.env.names)),
  );
}

const FIELDSETS = new Set(['checkboxes', 'radio_buttons']);

function input(block, surface) {
  const id = surface.idOf(block, block.element);
  const optional = block.optional === true && h('span', { class: 'optional' }, ' (optional)');
  const label = FIELDSETS.has(block.element.type) ? { id: `${id}-label` } : { for: id };
  return [
    h(label.for === undefined ? 'div' : 'label', { class: 'label', ...label }, block.label.text, optional),
    renderElement(block.element, block, surface, { labelled: true }),
    h(
      'div',
      { id: `${id}-more` },
      h('div', { class: 'error', 'aria-live': 'polite', hidden: true }),
      block.hint !== undefined && h('div', { class: 'hint' }, block.hint.text),
    ),
  ];
}

const BLOCKS = {
  section,
  context,
  input,
  actions: (block, surface) => block.elements.map((element) => renderElement(element, block, surface)),
  divider: () => [h('hr')],
  header: (block) => [h('h3', null, block.text.text)],
  image: (block) => [
    h('figure', null, block.title !== undefined && h('figcaption', null, block.title.text), picture(block, 'block-image')),
  ],
  rich_text: (block, surface) => richText(block, surface.env.names),
};

function create(block, surface) {
  const draw = BLOCKS[block.type];
  if (draw === undefined) return h('div', { class: 'block unknown' }, `(a ${block.type} block is not shown on this page)`);
  return h('div', { class: `block block-${block.type}`, data: { block: block.block_id } }, draw(block, surface));
}

/** Makes `parent` show these blocks; those that stayed the same keep what is typed and chosen in them. */
export function renderBlocks(parent, blocks, surface, state) {
  surface.blocks = blocks;
  surface.drafts.recall(state);
  surface.drafts.prune(blocks);
  surface.redraw = (block) => {
    const node = parent.querySelector(`:scope > [data-block="${CSS.escape(block.block_id)}"]`);
    node?.replaceChildren(...create(block, surface).childNodes);
  };
  keepFocus(parent, () => {
    reconcile(parent, blocks, { key: (block, index) => block.block_id ?? `#${index}`, create: (block) => create(block, surface) });
  });
}

/** Shows what must be corrected at the input blocks it is about. */
export function showErrors(parent, errors) {
  for (const node of parent.querySelectorAll(':scope > .block-input')) {
    const text = errors[node.dataset.block] ?? '';
    const slot = node.querySelector('.error');
    if (slot.textContent !== text) slot.textContent = text;
    slot.hidden = text === '';
    node.querySelector('.field, .ticks')?.setAttribute('aria-invalid', String(text !== ''));
  }
}
