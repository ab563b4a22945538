import { createComposer } from './composer.js';
import { createConfirm } from './confirm.js';
import { h } from './dom.js';
import { createDrafts } from './drafts.js';
import { createAnnouncer } from './messages.js';
import { createModals } from './modal.js';
import { createPeople, paint } from './people.js';
import { createPlaces, placesOf } from './places.js';
import { createProgress } from './progress.js';
import { createStage } from './stage.js';
import { openStream, send } from './stream.js';
import { toast } from './toast.js';

const NOBODY = { id: '', name: '', real_name: '' };

/** A map that makes what is missing. */
function keeping(make) {
  const kept = new Map();
  return (key) => {
    if (!kept.has(key)) kept.set(key, make());
    return kept.get(key);
  };
}

/** What the blocks and parts of a seat need of it. */
function createEnv(seat, ask, pressed) {
  const find = (list, id) => seat.snapshot?.[list].find((one) => one.id === id);
  return {
    user: (id) => find('users', id),
    users: () => seat.snapshot.users.filter((user) => !user.is_bot && !user.deleted),
    channels: () => seat.snapshot.channels.filter((channel) => channel.kind === 'channel'),
    names: { user: (id) => find('users', id)?.real_name, channel: (id) => find('channels', id)?.name },
    messageShortcuts: () => seat.snapshot.shortcuts.filter((shortcut) => shortcut.type === 'message'),
    confirm: ask,
    pressed,
    send: async (action) => {
      const answer = await send({ as: seat.snapshot.me.id, ...action });
      if (!answer.ok) toast(answer.error);
      return answer;
    },
  };
}

/**
 * One person at the workspace, complete: who they are, their places, messages, home tab and modals.
 * @param {{ id: string, as: string, fallback: string, onSnapshot: (seat: any) => void, noticed: (what: string) => void }} given
 *   `as` and `fallback` are names or ids of people; `id` is unique on the page
 */
export function createSeat({ id, as, fallback, onSnapshot, noticed }) {
  const seat = { snapshot: undefined };
  const places = keeping(() => ({ key: undefined }));
  const texts = keeping(() => ({ text: '' }));
  const drafts = keeping(createDrafts);
  const draftsFor = (key) => drafts(`${me().id} ${key}`);
  const me = () => seat.snapshot?.me ?? NOBODY;
  const here = () => places(me().id).key;
  let stop = () => {};
  let before = null;

  const shell = h('div', { class: 'shell' });
  const confirm = createConfirm(id, { user: (user) => env.names.user(user), channel: (channel) => env.names.channel(channel) }, () =>
    cover(),
  );
  const progress = createProgress(noticed);
  const env = createEnv(seat, confirm.ask, progress.pressed);
  const modals = createModals(env, id, draftsFor, () => cover());
  const announcer = createAnnouncer(env);
  const people = createPeople(id, (user) => become(user));
  const nav = createPlaces(id, (key) => open(key));
  const stage = createStage(env, id, draftsFor);
  const status = h('div', { class: 'status', role: 'status' });
  const composer = createComposer(id, {
    onSend: (text) => say(text),
    onShortcut: (callbackId) => env.send({ type: 'shortcut', callbackId }),
    onChange: (text) => {
      texts(`${me().id} ${here()}`).text = text;
    },
  });

  /** What lies below a modal can be neither pressed nor reached by Tab. */
  function cover() {
    const isCovered = !modals.layer.hidden || !confirm.layer.hidden;
    if (isCovered && !shell.inert) before = document.activeElement;
    shell.inert = isCovered;
    modals.layer.inert = !confirm.layer.hidden;
    if (!isCovered && before?.isConnected) before.focus();
  }

  async function say(text) {
    const place = currentPlace();
    const answer = await env.send({ type: text.startsWith('/') ? 'command' : 'message', channel: place.channel, text });
    return answer.ok;
  }

  function currentPlace() {
    const all = placesOf(seat.snapshot).flatMap((group) => group.places);
    return all.find((place) => place.key === here()) ?? all[0];
  }

  function draw() {
    const { snapshot } = seat;
    const place = currentPlace();
    places(me().id).key = place.key;
    people.update(snapshot.users, snapshot.me);
    nav.update(placesOf(snapshot), place.key);
    stage.update(snapshot, place.key);
    composer.node.hidden = place.kind === 'home';
    composer.update(snapshot, `Write as ${snapshot.me.real_name.split(' ')[0]}, or type /`);
    modals.update(snapshot.views);
    announcer.update(snapshot);
    progress.update(snapshot);
    status.textContent = seat.isCut ? 'Reconnecting …' : (snapshot.busy ?? '');
    if (place.unread > 0 && document.visibilityState === 'visible') void env.send({ type: 'read', channel: place.channel });
  }

  function onPerson(snapshot) {
    seat.snapshot = snapshot;
    paint(seat.node, snapshot.me);
    seat.node.setAttribute('aria-label', `The workspace as ${snapshot.me.real_name}`);
    stage.reset();
    announcer.reset();
    progress.reset();
    draw();
    composer.setText(texts(`${me().id} ${here()}`).text);
    if (here() === 'home') void env.send({ type: 'home' });
  }

  function follow(who) {
    stop();
    stop = openStream(who, {
      onSnapshot: (snapshot) => {
        const isOther = snapshot.me.id !== me().id;
        seat.snapshot = snapshot;
        if (isOther) onPerson(snapshot);
        else draw();
        onSnapshot(seat);
      },
      onLink: (up) => {
        seat.isCut = !up;
        if (seat.snapshot !== undefined) draw();
        else status.textContent = up ? '' : 'Connecting …';
      },
      onUnknown: () => setTimeout(follow, 500, fallback),
    });
  }

  /** Becomes a person, by id; at a place and with a text to send, where these are given. */
  function become(who, key, text) {
    if (key !== undefined) places(who).key = key;
    if (text !== undefined) texts(`${who} ${key}`).text = text;
    if (who !== me().id) follow(who);
    else if (key !== undefined) open(key);
    if (text !== undefined) composer.focus();
  }

  function open(key) {
    places(me().id).key = key;
    draw();
    composer.setText(texts(`${me().id} ${key}`).text);
    // On a phone this would bring up the keyboard each time.
    if (matchMedia('(pointer: fine)').matches) composer.focus();
    if (key === 'home') void env.send({ type: 'home' });
  }

  const main = h('main', { class: 'stage' }, stage.nodes, status, composer.node);
  shell.append(h('header', { class: 'seat-head' }, people.node), nav.node, main);
  seat.node = h('section', { class: 'seat', id }, shell, modals.layer, confirm.layer, announcer.node);
  follow(as);
  return Object.assign(seat, {
    become,
    redraw: () => seat.snapshot !== undefined && draw(),
    close: () => {
      stop();
      seat.node.remove();
    },
  });
}
