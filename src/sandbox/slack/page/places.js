import { h, keepFocus, reconcile } from './dom.js';
import { icon } from './icons.js';

/** The places one can look at: channels, the conversation with the app, and its home tab. */
export function placesOf(snapshot) {
  const app = snapshot.apps[0];
  const place = (channel) => ({
    key: channel.kind === 'im' ? 'dm' : channel.id,
    kind: channel.kind,
    channel: channel.id,
    name: channel.kind === 'im' ? 'Messages' : channel.name,
    unread: snapshot.unread[channel.id] ?? 0,
  });
  const channels = snapshot.channels.filter((channel) => channel.kind === 'channel').map(place);
  const direct = snapshot.channels.filter((channel) => channel.kind === 'im').map(place);
  return [
    { title: 'Channels', places: channels },
    {
      title: appName(snapshot),
      places: [...direct, ...(app === undefined ? [] : [{ key: 'home', kind: 'home', name: 'Home', unread: 0 }])],
    },
  ];
}

/** The app by its full name. */
export function appName(snapshot) {
  const app = snapshot.apps[0];
  return snapshot.users.find((user) => user.id === app?.botUserId)?.real_name ?? app?.name ?? 'App';
}

const ICONS = { channel: 'hash', im: 'chat', home: 'home' };

export function createPlaces(seatId, onOpen) {
  const node = h('nav', { class: 'places', 'aria-label': 'Channels and messages' });
  const row = (place) => {
    const badge = place.unread > 0 && h('span', { class: 'badge', 'aria-label': `${place.unread} unread` }, String(place.unread));
    const props = {
      id: `${seatId}-place-${place.key}`,
      type: 'button',
      class: place.unread > 0 ? 'place unread' : 'place',
      onclick: () => onOpen(place.key),
    };
    return h(
      'button',
      { ...props, 'aria-current': place.isHere ? 'page' : null },
      icon(ICONS[place.kind]),
      h('span', null, place.name),
      badge,
    );
  };
  const fill = (group, { title, places }) => {
    group.firstChild.textContent = title;
    reconcile(group.lastChild, places, { key: (place) => place.key, create: row });
  };
  const create = (item) => {
    const group = h('div', { class: 'place-group' }, h('h2'), h('div', { class: 'place-list' }));
    fill(group, item);
    return group;
  };
  return {
    node,
    update: (groups, here) => {
      const marked = groups.map((group) => ({ ...group, places: group.places.map((place) => ({ ...place, isHere: place.key === here })) }));
      keepFocus(node, () => reconcile(node, marked, { key: (_, index) => String(index), create, update: fill }));
    },
  };
}
