import { home, homeNotice, type HomeProps } from '../../blocks/home.ts';
import { alice, dave, findings, hour, idOf, many, presets, states, takenAtOnce, type Words } from './scene-values.ts';
import { rejectionHome } from '../../blocks/notices.ts';
import type { Scene } from './slack-scenes.ts';

const none = { requests: [], newer: undefined, older: undefined };
const position = { waiting: 'newest', requests: 'newest', access: 'newest' } as const;
const empty: HomeProps = { waiting: none, requests: none, access: none, position, overdue: undefined, isOwner: false, recent: [] };

/** The home tab. */
export function homeScenes(words: Words): Scene[] {
  const scene = (name: string, title: string, as: Scene['as'], props: Partial<HomeProps>): Scene => ({
    name: `home-${name}`,
    title,
    group: 'The home tab',
    place: 'home',
    as,
    show: () => home({ ...empty, ...props }),
  });
  const { active, denied, ended } = states(words);
  const { integration, service, accessType, resource, label } = words;
  const recent = Array.from({ length: Math.min(2, words.resources) }, (_, index) => ({
    integration,
    service,
    accessType,
    label: index === 0 ? label : 'Reports',
    resource: index === 0 ? resource : `${resource}${index}`,
  }));
  const longer = presets(words)[2] ?? hour;
  const waits = many(words, words.requests, { kind: 'pending' });
  const waiting = { ...none, requests: waits.map((each, index) => ({ ...each, requestor: index % 2 ? dave : each.requestor })) };
  const mine = many(words, words.requests, { kind: 'pending' }).map((each, index) => ({
    ...each,
    asked: longer,
    state: [each.state, ended, denied][index % 3] ?? each.state,
  }));
  const has = many(words, Math.max(1, words.requests - 2), active);
  const shown = many(words, Math.min(words.requests, 20), active, { principal: dave }).map((request) => ({
    request,
    problem: words.fault,
  }));
  const before = { before: idOf(10) };
  const page = (requests: typeof mine) => ({ requests, newer: { after: idOf(1) }, older: before });
  return [
    scene('empty', 'For somebody who never asked', 'bob', {}),
    scene('member', 'For whoever asked and has access', 'bob', {
      requests: { ...none, requests: mine },
      access: { ...none, requests: has },
      extendBy: new Map(has.map(({ id }) => [id, hour])),
      recent,
    }),
    scene('approver', 'For an approver, with requests that wait', 'carol', { waiting, standing: 2, mayPanic: true }),
    scene('owner', 'For an owner', 'alice', {
      isOwner: true,
      mayPanic: true,
      waiting,
      lateness: Array.from({ length: Math.max(1, words.requests - 2) }, (_, index) => ({
        integration: index === 0 ? integration : `${integration}${index}`,
        ended: 412,
        p50Ms: 80,
        p99Ms: 460,
        maxMs: 2_310 + index,
      })),
    }),
    scene('overdue', 'For an owner, when access is not seen gone', 'alice', {
      isOwner: true,
      mayPanic: true,
      overdue: { count: words.requests + 2, shown: shown.map((each) => ({ ...each, requestor: alice })) },
    }),
    scene('unreviewed', 'For a security reviewer, when something was taken at once', 'carol', {
      unreviewed: {
        count: words.requests + 2,
        shown: many(words, Math.min(words.requests, 20), active).map((each) => ({ ...takenAtOnce(words, active), id: each.id })),
      },
    }),
    scene('drift', 'For an owner, when somebody else has changed a target', 'alice', {
      isOwner: true,
      mayPanic: true,
      drift: findings(words),
    }),
    scene('paged', 'In the middle of long lists', 'bob', {
      requests: page(mine),
      access: page(has),
      position: { ...position, requests: before, access: before },
    }),
    {
      ...scene('', '', 'bob', {}),
      name: 'home-refused',
      title: 'For somebody who cannot use it',
      show: () => homeNotice('Guests of this workspace cannot use this.'),
    },
    {
      ...scene('', '', 'bob', {}),
      name: 'home-unlinked',
      title: 'For somebody whose account is not linked yet',
      show: () => rejectionHome({ code: 'identity-unknown', why: 'unlinked' }),
    },
  ];
}
