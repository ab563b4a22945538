import { renderBlocks } from './blocks.js';
import { h } from './dom.js';
import { icon } from './icons.js';
import { createMessages } from './messages.js';
import { appName, placesOf } from './places.js';
import { createSurface } from './surface.js';

const HEADS = {
  channel: (place) => [icon('hash'), place.name, ''],
  im: (place, app) => [icon('chat'), app, 'What it tells only you'],
  home: (place, app) => [icon('home'), `${app} home`, 'Yours alone'],
};

/** What one looks at: the messages of a channel, or the home tab. */
export function createStage(env, seatId, draftsFor) {
  const name = h('h1');
  const about = h('span', { class: 'about' });
  const head = h('header', { class: 'stage-head' }, name, about);
  const body = h('div', { class: 'stage-body' });
  const logs = new Map();
  let home;

  const logOf = (place) => {
    if (!logs.has(place.channel))
      logs.set(place.channel, createMessages(env, { ...place, id: place.channel }, `${seatId}-${place.channel}`, draftsFor));
    return logs.get(place.channel);
  };
  const showMessages = (place, snapshot) => {
    const log = logOf(place);
    const isNew = body.firstChild !== log.node;
    if (isNew) body.replaceChildren(log.node);
    log.update(snapshot.messages[place.channel] ?? []);
    if (isNew) log.toEnd();
  };
  const showHome = (view, app) => {
    if (home?.id !== view?.id || home === undefined) {
      const blocks = h('div', { class: 'blocks' });
      const empty = h('div', { class: 'start' }, icon('home'), h('p', null, `${app} has not drawn its home tab yet.`));
      const surface =
        view === null ? null : createSurface(env, { kind: 'view', viewId: view.id }, draftsFor(view.id), `${seatId}-${view.id}`);
      home = { id: view?.id, blocks, surface, node: h('div', { class: 'home', tabindex: '0' }, view === null ? empty : blocks) };
    }
    if (body.firstChild !== home.node) body.replaceChildren(home.node);
    if (view !== null) renderBlocks(home.blocks, view.blocks, home.surface, view.state);
  };

  return {
    nodes: [head, body],
    /** Forgets what is drawn, for another person. */
    reset: () => {
      logs.clear();
      home = undefined;
      body.replaceChildren();
    },
    update: (snapshot, key) => {
      const place = placesOf(snapshot)
        .flatMap((group) => group.places)
        .find((one) => one.key === key);
      const [sign, title, note] = HEADS[place.kind](place, appName(snapshot));
      name.replaceChildren(sign, title);
      about.textContent = note;
      if (place.kind === 'home') showHome(snapshot.home, appName(snapshot));
      else showMessages(place, snapshot);
    },
  };
}
