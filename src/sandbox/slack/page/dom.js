const PROPERTIES = new Set(['value', 'checked', 'disabled', 'hidden', 'inert', 'selected', 'textContent', 'className']);

function setProp(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
  else if (name === 'class') node.className = value;
  else if (name === 'data') Object.assign(node.dataset, value);
  else if (PROPERTIES.has(name)) node[name] = value;
  else node.setAttribute(name, value === true ? '' : String(value));
}

/**
 * Builds an element. Strings among the children become text nodes, so nothing an app or a person
 * wrote is ever read as markup; null, undefined and false are left out.
 */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) setProp(node, name, value);
  node.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false));
  return node;
}

const drawn = new WeakMap();

/**
 * Makes the children of `parent` show `items`, in order. A child whose item is unchanged is neither
 * rebuilt nor moved, so it keeps its focus, caret and scroll position.
 * @param {{ key: (item: any, index: number) => string, create: (item: any) => Element, update?: (node: Element, item: any) => void }} how
 *   without `update`, a changed item gets a new child
 */
export function reconcile(parent, items, { key, create, update }) {
  const before = drawn.get(parent) ?? new Map();
  const after = new Map();
  for (const [index, item] of items.entries()) {
    const version = JSON.stringify(item);
    const known = before.get(key(item, index));
    let node = known?.node;
    if (node === undefined) node = create(item);
    else if (known.version !== version && update !== undefined) update(node, item);
    else if (known.version !== version) {
      node = create(item);
      known.node.replaceWith(node);
    }
    after.set(key(item, index), { version, node });
  }
  for (const [name, { node }] of before) if (!after.has(name)) node.remove();
  let next = parent.firstChild;
  for (const { node } of after.values()) {
    if (node === next) next = next.nextSibling;
    else parent.insertBefore(node, next);
  }
  drawn.set(parent, after);
}

/** Empties `parent`, whatever filled it. */
export function clear(parent) {
  drawn.delete(parent);
  parent.replaceChildren();
}

/** Runs `draw` and gives the focus and caret back to the element with the same id if it was rebuilt. */
export function keepFocus(root, draw) {
  const held = root.contains(document.activeElement) ? document.activeElement : null;
  const caret = held !== null && typeof held.selectionStart === 'number' ? [held.selectionStart, held.selectionEnd] : null;
  draw();
  if (held === null || held.isConnected || held.id === '') return;
  const again = document.getElementById(held.id);
  again?.focus({ preventScroll: true });
  if (caret !== null && typeof again?.selectionStart === 'number') again.setSelectionRange(...caret);
}

/** Text for screen readers only. */
export function spoken(text) {
  return h('span', { class: 'spoken' }, text);
}
