import { h } from './dom.js';
import { createGuide } from './guide.js';
import { icon } from './icons.js';
import { createSeat } from './seat.js';

const FIRST = 'bob';
const SECOND = 'alice';
const NAME = /^\w{1,40}$/;

const wanted = new URLSearchParams(location.search);
const seats = [];
const room = h('div', { class: 'room' });

function nameOf(seat) {
  return seat.snapshot?.me.name;
}

/** The address names who one is, so that a reload or a copied link shows the same. */
function keepAddress() {
  const names = seats.map(nameOf);
  if (names.includes(undefined)) return;
  const [as, and] = names;
  history.replaceState(null, '', and === undefined ? `?as=${as}` : `?as=${as}&and=${and}`);
  const unread = seats.flatMap((seat) => Object.values(seat.snapshot.unread)).reduce((sum, count) => sum + count, 0);
  document.title = `${unread > 0 ? `(${unread}) ` : ''}Curfew · local workspace`;
}

function addSeat(id, as, fallback) {
  const seat = createSeat({ id, as, fallback, onSnapshot: keepAddress, noticed: (what) => guide.noticed(what) });
  seats.push(seat);
  room.append(seat.node);
  return seat;
}

/** The seat at which this person sits, else one that becomes them; there a place, and a text to send. */
function visit(name, key, text) {
  const seat = seats.find((one) => nameOf(one) === name) ?? seats.at(-1);
  const person = seat.snapshot?.users.find((user) => user.name === name);
  const channel = seat.snapshot?.channels.find((one) => one.name === key);
  if (person === undefined) return;
  seat.become(person.id, channel?.id ?? key, text);
  seat.node.scrollIntoView({ block: 'nearest' });
}

const guide = createGuide(visit);

const split = h(
  'button',
  { type: 'button', class: 'tool labelled', 'aria-pressed': 'false', title: 'Two people side by side' },
  icon('columns'),
  'Side by side',
);
split.addEventListener('click', () => setSplit(seats.length === 1));

function setSplit(isSplit, and = nameOf(seats[0]) === SECOND ? FIRST : SECOND) {
  if (isSplit) addSeat('seat-2', and, SECOND);
  else seats.pop().close();
  split.setAttribute('aria-pressed', String(isSplit));
  room.classList.toggle('split', isSplit);
  keepAddress();
}

const help = h(
  'button',
  { type: 'button', class: 'tool labelled', title: 'Show or hide the first steps', onclick: () => guide.toggle() },
  icon('compass'),
  'Try it',
);
const brand = h('div', { class: 'brand' }, icon('moon'), h('b', null, 'Curfew'), h('span', null, 'local workspace'));

document.getElementById('page').append(h('header', { class: 'top' }, brand, h('div', { class: 'tools' }, help, split)), guide.node, room);
addSeat('seat-1', NAME.test(wanted.get('as') ?? '') ? wanted.get('as') : FIRST, FIRST);
if (NAME.test(wanted.get('and') ?? '')) setSplit(true, wanted.get('and'));
document.addEventListener('visibilitychange', () => {
  for (const seat of seats) seat.redraw();
});
