import { h } from './dom.js';
import { icon } from './icons.js';

const COMMAND = '/access request pg role readonly --reason "look at orders" --duration 1m';
const KEPT_AS = 'curfew-guide';

const STEPS = [
  {
    title: 'Ask',
    who: 'bob',
    text: ['As ', h('b', null, 'Bob'), ', ask to read the sample database for one minute:'],
    command: COMMAND,
    action: 'Fill it in',
    run: (visit) => visit('bob', 'general', COMMAND),
  },
  {
    title: 'Approve',
    who: 'alice',
    text: [
      'As ',
      h('b', null, 'Alice'),
      ', open ',
      h('b', null, '#approvals'),
      '. Choose for how long, then press ',
      h('b', null, 'Approve'),
      '.',
    ],
    action: 'Go there as Alice',
    run: (visit) => visit('alice', 'approvals'),
  },
  {
    title: 'Connect',
    who: 'bob',
    text: [
      'As ',
      h('b', null, 'Bob'),
      ', read the messages from Curfew: they hold the password and the ',
      h('code', null, 'psql'),
      ' line to run in a terminal.',
    ],
    action: 'Open Bob’s messages',
    next: 'I am connected',
    run: (visit) => visit('bob', 'dm'),
  },
  {
    title: 'Watch it end',
    who: 'bob',
    text: ['Leave ', h('code', null, 'psql'), ' open. When the time is over its session is cut, the right is gone, and Bob is told.'],
    action: 'Watch Bob’s messages',
    next: 'Start again',
    run: (visit) => visit('bob', 'dm'),
  },
];

/** Which event moves on from which step. */
const MOVES = { asked: [0, 1], approved: [1, 2] };

/**
 * The first steps, to be followed or put away.
 * @param {(name: string, place: string, text?: string) => void} visit goes somewhere as a person, with a text to send
 */
export function createGuide(visit) {
  let at = 0;
  const steps = h('ol', { class: 'steps' });
  const text = h('p', { class: 'step-text' });
  const command = h('code', { class: 'step-command' });
  const run = h('button', { type: 'button', class: 'button glow', onclick: () => STEPS[at].run(visit) });
  const next = h('button', { type: 'button', class: 'button quiet', onclick: () => go((at + 1) % STEPS.length) });
  const detail = h(
    'div',
    { class: 'step', 'aria-live': 'polite' },
    h('div', { class: 'step-words' }, text, command),
    h('div', { class: 'step-buttons' }, run, next),
  );
  const node = h('aside', { class: 'guide', 'aria-label': 'Try it' }, h('h2', null, 'Try it'), steps, detail);

  const draw = () => {
    const step = STEPS[at];
    steps.replaceChildren(
      ...STEPS.map(({ title }, index) =>
        h(
          'li',
          { class: index < at ? 'done' : null },
          h(
            'button',
            { type: 'button', 'aria-current': index === at ? 'step' : null, onclick: () => go(index) },
            h('span', { class: 'dot' }, index < at ? icon('check') : String(index + 1)),
            title,
          ),
        ),
      ),
    );
    text.replaceChildren(...step.text);
    command.replaceChildren(...inWords(step.command ?? ''));
    command.hidden = step.command === undefined;
    run.replaceChildren(step.action, icon('arrow'));
    next.textContent = step.next ?? '';
    next.hidden = step.next === undefined;
  };
  const go = (index) => {
    at = index;
    draw();
  };
  const toggle = (isShown) => {
    node.hidden = !isShown;
    localStorage.setItem(KEPT_AS, isShown ? 'shown' : 'hidden');
  };
  node.hidden = localStorage.getItem(KEPT_AS) === 'hidden';
  draw();
  return {
    node,
    toggle: () => toggle(node.hidden),
    noticed: (what) => {
      const [from, to] = MOVES[what] ?? [];
      if (from === at) go(to);
    },
  };
}

/** A browser breaks a line after a hyphen, and would leave `--` behind. */
const inWords = (command) =>
  command.split(/(?= )/).flatMap((word) => (word.startsWith(' --') ? [' ', h('span', null, word.slice(1))] : word));
