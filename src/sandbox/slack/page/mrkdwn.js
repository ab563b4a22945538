import { formatDate, fullDate } from './dates.js';
import { h } from './dom.js';
import { emoji } from './emoji.js';

const INLINE = new RegExp(
  [
    '<(?<angle>[^<>\\n]+)>',
    '`(?<code>[^`\\n]+)`',
    '(?<![\\w*])\\*(?! )(?<bold>[^*\\n]+)(?<! )\\*(?![\\w*])',
    '(?<![\\w_])_(?! )(?<italic>[^_\\n]+)(?<! )_(?![\\w_])',
    '(?<![\\w~])~(?! )(?<strike>[^~\\n]+)(?<! )~(?![\\w~])',
    ':(?<emoji>[a-z0-9_+-]+):',
  ].join('|'),
  'g',
);

const ENTITIES = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

function unescape(text) {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);
}

/** A link, or its bare text where the address could do anything but open a page or a letter. */
export function link(url, label) {
  if (!/^(https?:\/\/|mailto:)/i.test(url)) return document.createTextNode(label);
  return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, label);
}

export function mention(text) {
  return h('span', { class: 'mention' }, text);
}

/** A moment in the reader's zone; hovering shows it in full. */
export function moment(unix, format, fallback) {
  const text = formatDate(unix, format, fallback);
  return text === fallback ? document.createTextNode(fallback) : h('time', { title: fullDate(unix) }, text);
}

function special(body, label) {
  const [kind, unix, format] = body.split('^');
  if (kind === 'date') return moment(unix === '' ? Number.NaN : Number(unix), format ?? '', label ?? '');
  if (kind.startsWith('subteam')) return mention(label ?? '@group');
  return mention(`@${kind}`);
}

function angle(content, names) {
  const bar = content.indexOf('|');
  const body = bar === -1 ? content : content.slice(0, bar);
  const label = bar === -1 ? undefined : unescape(content.slice(bar + 1));
  if (/^@[A-Z0-9]+$/.test(body)) return mention(`@${names.user(body.slice(1)) ?? label ?? body.slice(1)}`);
  if (/^#[A-Z0-9]+$/.test(body)) return mention(`#${names.channel(body.slice(1)) ?? label ?? body.slice(1)}`);
  if (body.startsWith('!')) return special(body.slice(1), label);
  const url = unescape(body);
  return /^(https?:\/\/|mailto:)/i.test(url) ? link(url, label ?? url) : document.createTextNode(unescape(`<${content}>`));
}

function piece(groups, names) {
  if (groups.angle !== undefined) return angle(groups.angle, names);
  if (groups.code !== undefined) return h('code', null, unescape(groups.code));
  if (groups.bold !== undefined) return h('strong', null, ...inline(groups.bold, names));
  if (groups.italic !== undefined) return h('em', null, ...inline(groups.italic, names));
  if (groups.strike !== undefined) return h('s', null, ...inline(groups.strike, names));
  return document.createTextNode(emoji(groups.emoji));
}

function inline(text, names) {
  const nodes = [];
  let at = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(unescape(text.slice(at, match.index)), piece(match.groups, names));
    at = match.index + match[0].length;
  }
  return [...nodes, unescape(text.slice(at))];
}

function paragraphs(text, names) {
  const nodes = [];
  let quote = null;
  for (const line of text.split('\n')) {
    const quoted = /^(?:>|&gt;) ?(.*)$/.exec(line);
    if (quoted === null) {
      if (nodes.length > 0 && quote === null) nodes.push(h('br'));
      nodes.push(...inline(line, names));
      quote = null;
    } else if (quote === null) {
      quote = h('blockquote', null, ...inline(quoted[1], names));
      nodes.push(quote);
    } else quote.append(h('br'), ...inline(quoted[1], names));
  }
  return nodes;
}

/**
 * Slack's mrkdwn as nodes.
 * @param {{ user: (id: string) => string | undefined, channel: (id: string) => string | undefined }} names
 */
export function mrkdwn(text, names) {
  const parts = text.split('```');
  // A fence that nobody closed is text.
  if (parts.length % 2 === 0) parts.push(`${parts.splice(-2, 1)}\`\`\`${parts.pop()}`);
  const nodes = parts.flatMap((part, index) => {
    if (index % 2 === 1) return [h('pre', null, unescape(part.replace(/^\n|\n$/g, '')))];
    const between = part.replace(index > 0 ? /^\n/ : /^$/, '').replace(index < parts.length - 1 ? /\n$/ : /$^/, '');
    return between === '' ? [] : paragraphs(between, names);
  });
  const fragment = document.createDocumentFragment();
  fragment.append(...nodes);
  return fragment;
}

/** A text object: plain_text stands as it is, mrkdwn is read. */
export function textObject(text, names) {
  return text.type === 'mrkdwn' ? mrkdwn(text.text, names) : document.createTextNode(text.text);
}
