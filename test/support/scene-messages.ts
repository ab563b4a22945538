import { access } from '../../blocks/access.ts';
import { approval, type ApprovalProps } from '../../blocks/approval.ts';
import { drift } from '../../blocks/drift.ts';
import { breakGlass, unreviewed } from '../../blocks/break-glass.ts';
import { ended } from '../../blocks/ended.ts';
import { question } from '../../blocks/question.ts';
import { refused } from '../../blocks/refused.ts';
import { reminder } from '../../blocks/reminder.ts';
import { request as requestMessage } from '../../blocks/request.ts';
import { several } from '../../blocks/several.ts';
import { warning } from '../../blocks/warning.ts';
import { severalOf } from '../../src/domain/burst.ts';
import type { Findings } from '../../src/domain/drift.ts';
import type { PermissionRequest, RequestState } from '../../src/domain/request.ts';
import {
  after,
  alice,
  asked,
  bob,
  carol,
  dave,
  day,
  digest,
  findings,
  hour,
  idOf,
  many,
  permalink,
  presets,
  states,
  takenAtOnce,
  type Words,
} from './scene-values.ts';
import { nowLinked } from '../../blocks/sign-in.ts';
import type { Scene } from './slack-scenes.ts';

const extension = { of: idOf(2), first: idOf(2), from: after(-30), until: after(30) };
const often = { count: 3, last: after(-4320) };
const endorsements = [{ by: carol, at: after(1), duration: hour, keyMakers: [] }];

/** What stands in the approval channel, and what became of it. */
export function approvalScenes(words: Words): Scene[] {
  const choice = { durations: presets(words), digest };
  const approvers = ['Security reviewers', words.group];
  const policies = [words.policy];
  const scene = (name: string, title: string, request: PermissionRequest, history: ApprovalProps['history'] = often): Scene => ({
    name: `approval-${name}`,
    title,
    group: 'In the approval channel',
    place: 'channel',
    as: 'alice',
    show: () =>
      approval({
        request,
        choice: request.state.kind === 'pending' ? choice : undefined,
        approvers,
        policies,
        history,
        narrower: [words.label],
      }),
  });
  const decided = (name: string, title: string, state: RequestState) => scene(name, title, asked(words, { state }));
  const { denied, deniedByPolicy, cancelled, lapsed, planned, active, ending, ended: over, revoked, failed } = states(words);
  const escalation = { at: after(10), reason: words.reason, isPaged: true };
  const again = (by: 'time' | 'requestor') => () => reminder({ request: asked(words), choice, approvers }, by);
  return [
    scene('pending', 'Somebody asks', asked(words)),
    {
      ...scene('copy', 'The same as a direct message to an approver', asked(words)),
      place: 'dm',
      as: 'carol',
      show: () => approval({ request: asked(words), choice, approvers, policies, history: often, link: permalink }),
    },
    scene('first-time', 'Somebody asks for the first time', asked(words), { count: 0, last: undefined }),
    scene('denied-lately', 'Somebody said no to it lately', asked(words), { ...often, denied: after(-1440) }),
    scene('without-reason', 'Without a reason or a duration', asked(words, { reason: undefined, durationNamed: false })),
    scene('for-other', 'For somebody else', asked(words, { principal: dave })),
    scene('extension', 'More time for access that is there', asked(words, { extension })),
    scene('one-of-two', 'Two people must agree, and one has', asked(words, { endorsements })),
    scene('narrowed', 'An approver gives less', asked(words, { narrowed: { from: words.label, by: carol.email } })),
    scene('escalated', 'Escalated to whoever is on call', asked(words, { escalation })),
    scene('next-group', 'The next group is asked', asked(words, { groupsAsked: { count: 1, at: after(30) } })),
    decided('planned', 'Approved, being set up', planned),
    decided('active', 'Active', active),
    scene(
      'two-agreed',
      'Active, after two people agreed',
      asked(words, { state: active, endorsements: [{ by: alice, at: after(1), duration: hour, keyMakers: [] }] }),
    ),
    decided('ending', 'Ending', ending),
    decided('ended', 'Ended, and seen to be gone', over),
    scene('extended', 'Extended', asked(words, { state: over, extendedUntil: after(121) })),
    decided('revoked', 'Revoked', revoked),
    decided('denied', 'Denied', denied),
    decided('denied-by-policy', 'Denied by a policy', deniedByPolicy),
    decided('cancelled', 'Cancelled', cancelled),
    decided('lapsed', 'Nobody decided in time', lapsed),
    decided('failed', 'It could not be set up', failed),
    { ...scene('', '', asked(words)), name: 'reminder', title: 'A reminder', show: again('time') },
    { ...scene('', '', asked(words)), name: 'nudge', title: 'Bob asks again', show: again('requestor') },
    {
      ...scene('', '', asked(words)),
      name: 'reminder-over',
      title: 'A reminder, once the request is decided',
      show: () => reminder({ request: asked(words, { state: active }), choice: undefined, approvers }, 'time'),
    },
    ...breakGlassScenes(words),
    ...driftScenes(words),
    ...questionScenes(words),
  ];
}

function breakGlassScenes(words: Words): Scene[] {
  const { active, ended: over } = states(words);
  const scene = (name: string, title: string, show: Scene['show']): Scene => ({
    name: `break-glass${name}`,
    title,
    group: 'In the approval channel',
    place: 'channel',
    as: 'alice',
    show,
  });
  return [
    scene('', 'Somebody took access at once', () => breakGlass(takenAtOnce(words, active))),
    scene('-reviewed', 'It has ended, and was reviewed', () => breakGlass(takenAtOnce(words, over, words.answer))),
    scene('-owed', 'A reminder that nobody has reviewed it', () => unreviewed(takenAtOnce(words, over))),
    scene('-over', 'The reminder, once it is reviewed', () => unreviewed(takenAtOnce(words, over, words.answer))),
  ];
}

function driftScenes(words: Words): Scene[] {
  const scene = (name: string, title: string, found: Findings): Scene => ({
    name: `drift${name}`,
    title,
    group: 'In the approval channel',
    place: 'channel',
    as: 'alice',
    show: () => drift({ ...found, integration: words.integration, response: 'alert' }),
  });
  return [
    scene('', 'Somebody else has changed a target', findings(words)),
    scene('-settled', 'The same, once nothing of it is left', { removed: { count: 0, shown: [] }, orphans: { count: 0, shown: [] } }),
  ];
}

function questionScenes(words: Words): Scene[] {
  const open = { by: carol, at: after(2), text: words.question, answer: undefined };
  const answered = { ...open, answer: { by: bob, at: after(3), text: words.answer } };
  const scene = (name: string, title: string, asks: typeof open | typeof answered, to: 'approvers' | 'requestor'): Scene => ({
    name: `question-${name}`,
    title,
    group: to === 'approvers' ? 'In the approval channel' : 'Direct messages to whoever asked',
    place: to === 'approvers' ? 'channel' : 'dm',
    as: to === 'approvers' ? 'alice' : 'bob',
    show: () => question(asked(words, { questions: [asks] }), 1, to),
  });
  return [
    scene('open', 'An approver asks for more, in the thread', open, 'approvers'),
    scene('answered', 'The answer, in the thread', answered, 'approvers'),
    scene('to-answer', 'The question, to whoever asked', open, 'requestor'),
    scene('answered-dm', 'The question, once answered', answered, 'requestor'),
  ];
}

function severalScenes(words: Words, scene: (name: string, title: string, show: Scene['show']) => Scene): Scene[] {
  const { active, ended: over, relinquished, revoked } = states(words);
  const count = words.requests > 20 ? words.requests : 8;
  const of = (...each: RequestState[]) => severalOf(each.map((state, index) => asked(words, { id: idOf(index + 1), state })));
  const all = (state: RequestState) => of(...Array.from({ length: count }, () => state));
  return [
    scene('accesses', 'Many rights were given at once', () =>
      several({ several: { ...all(active), commands: [words.command] }, what: 'accesses' }),
    ),
    scene('warnings', 'Many end soon', () => several({ several: all(active), what: 'warnings' })),
    scene('warnings-some', 'Some of them ended before their time', () =>
      several({ several: of(active, active, active, relinquished, active, over), what: 'warnings' }),
    ),
    scene('warnings-over', 'All of them are over', () => several({ several: all(over), what: 'warnings' })),
    scene('endings', 'Many have ended at once', () => several({ several: all(over), what: 'endings' })),
    scene('endings-each', 'For different reasons', () =>
      several({ several: of(over, over, revoked, revoked, relinquished, relinquished), what: 'endings' }),
    ),
    scene('endings-more', 'And more than can be listed', () => several({ several: severalOf(many(words, 200, over)), what: 'endings' })),
  ];
}

/** What Curfew writes to one person. */
export function directScenes(words: Words): Scene[] {
  const approvers = ['Security reviewers', words.group];
  const scene = (name: string, title: string, show: Scene['show']): Scene => ({
    name,
    title,
    group: 'Direct messages to whoever asked',
    place: 'dm',
    as: 'bob',
    show,
  });
  const { denied, cancelled, lapsed, planned, active, ended: over, relinquished, revoked, failed } = states(words);
  const { openHours, closingHours, closedHours, beforeHours } = states(words);
  const mine = (request: PermissionRequest, more: { canEscalate?: boolean; takeAtOnce?: typeof hour } = {}) =>
    requestMessage({ request, approvers, ...more });
  const usage = { command: words.command, account: 'bob' };
  const has = asked(words, { state: active });
  const until = { ...has, extendedUntil: after(121) };
  const lost = (state: RequestState) => () => refused({ request: asked(words, { state }) });
  const gone = (state: RequestState) => () => ended({ request: asked(words, { state }) });
  return [
    scene('request-pending', 'Your request waits', () => mine(asked(words))),
    scene('request-can-escalate', 'It waits, and there is somebody on call', () => mine(asked(words), { canEscalate: true })),
    scene('request-can-take', 'It waits, and a policy lets you break glass', () => mine(asked(words), { takeAtOnce: hour })),
    scene('request-one-of-two', 'One of two has agreed', () => mine(asked(words, { endorsements }))),
    scene('request-planned', 'Approved, being set up', () => mine(asked(words, { state: planned }))),
    scene('request-active', 'Your request came to access', () => mine(has)),
    scene('request-break-glass', 'You took it at once', () => mine(takenAtOnce(words, active))),
    scene('request-reviewed', 'What you took at once was reviewed', () => mine(takenAtOnce(words, over, words.answer))),
    scene('request-denied', 'Your request was denied', () => mine(asked(words, { state: denied }))),
    scene('request-cancelled', 'Your request is cancelled', () => mine(asked(words, { state: cancelled }))),
    scene('access', 'You have access', () => access({ request: has, usage, secretWaits: false, extendBy: hour })),
    scene('access-password', 'You have access, and a password waits', () =>
      access({ request: has, usage, secretWaits: true, extendBy: day }),
    ),
    scene('access-extended', 'Your access was extended', () => access({ request: until, usage, secretWaits: false })),
    scene('access-hours', 'You have access in the hours of a week, and they are open', () =>
      access({ request: asked(words, { state: openHours }), usage, secretWaits: false }),
    ),
    scene('access-closing', 'Its hours are over, and it is being taken away', () =>
      access({ request: asked(words, { state: closingHours }), usage, secretWaits: false }),
    ),
    scene('access-outside-hours', 'Outside its hours', () =>
      access({ request: asked(words, { state: closedHours }), usage, secretWaits: false }),
    ),
    scene('request-before-hours', 'Approved, and its hours are still to come', () => mine(asked(words, { state: beforeHours }))),
    scene('now-linked', 'Your Slack account was linked to you', () => nowLinked(bob.email, '/access')),
    scene('warning', 'It ends soon', () => warning({ request: has, extendBy: hour })),
    scene('warning-last', 'It ends soon, and cannot be extended', () => warning({ request: has })),
    scene('warning-extended', 'It would have ended, and goes on', () => warning({ request: until, extendBy: hour })),
    scene('ended', 'It has ended', gone(over)),
    scene('ended-given-back', 'You gave it back', gone(relinquished)),
    scene('ended-revoked', 'It was revoked', gone(revoked)),
    scene('ended-sessions', 'It has ended where open sessions cannot be closed', gone(states(words).endedOpen)),
    ...severalScenes(words, scene),
    scene('refused-denied', 'No access: denied', lost(denied)),
    scene('refused-lapsed', 'No access: nobody decided', lost(lapsed)),
    {
      ...scene('refused-principal', 'Nobody decided about what bob asked for somebody else', () =>
        refused({ request: asked(words, { principal: dave, state: lapsed }), to: 'principal' }),
      ),
      as: 'carol',
    },
    scene('refused-failed', 'No access: it could not be set up', lost(failed)),
  ];
}
