import { h } from './dom.js';
import { emoji } from './emoji.js';
import { link, mention, moment } from './mrkdwn.js';

function styled(node, style) {
  const tags = { code: 'code', strike: 's', italic: 'em', bold: 'strong' };
  return Object.entries(tags).reduce((inner, [name, tag]) => (style?.[name] === true ? h(tag, null, inner) : inner), node);
}

const LEAVES = {
  text: (leaf) => leaf.text,
  link: (leaf) => link(leaf.url, leaf.text ?? leaf.url),
  user: (leaf, names) => mention(`@${names.user(leaf.user_id) ?? leaf.user_id}`),
  channel: (leaf, names) => mention(`#${names.channel(leaf.channel_id) ?? leaf.channel_id}`),
  usergroup: () => mention('@group'),
  broadcast: (leaf) => mention(`@${leaf.range}`),
  emoji: (leaf) => emoji(leaf.name),
  date: (leaf) => moment(leaf.timestamp, leaf.format, leaf.fallback ?? ''),
  color: (leaf) => leaf.value,
};

function leaves(elements, names) {
  return elements.map((leaf) => {
    const drawn = LEAVES[leaf.type]?.(leaf, names) ?? '';
    return styled(typeof drawn === 'string' ? document.createTextNode(drawn) : drawn, leaf.style);
  });
}

const PARTS = {
  rich_text_section: (part, names) => h('div', { class: 'rich-section' }, leaves(part.elements, names)),
  rich_text_quote: (part, names) => h('blockquote', null, leaves(part.elements, names)),
  rich_text_preformatted: (part, names) => h('pre', null, leaves(part.elements, names)),
  rich_text_list: (part, names) =>
    h(
      part.style === 'ordered' ? 'ol' : 'ul',
      { class: `indent-${Number(part.indent ?? 0)}`, start: part.style === 'ordered' ? Number(part.offset ?? 0) + 1 : null },
      part.elements.map((item) => h('li', null, leaves(item.elements, names))),
    ),
};

/** The parts of a rich_text block as nodes. */
export function richText(block, names) {
  return block.elements.map((part) => PARTS[part.type]?.(part, names) ?? '');
}
