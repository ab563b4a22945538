import type { Message } from '../../blocks/kit.ts';
import { sentence } from '../../blocks/kit.ts';
import { faultText, rejectionMessage } from '../../blocks/notices.ts';
import {
  agreedReply,
  allowedReply,
  escalatedReply,
  helpReply,
  listReply,
  requestsReply,
  statusReply,
  submittedReply,
} from '../../blocks/replies.ts';
import { linkedMessage, signInMessage, unlinkedMessage } from '../../blocks/sign-in.ts';
import { helpText } from '../../src/domain/help.ts';
import { parsePreApprovalId } from '../../src/domain/ids.ts';
import type { Rejection } from '../../src/domain/result.ts';
import { must, org, start } from './http-app.ts';
import { after, asked, bob, carol, hour, idOf, many, permissionOf, states, type Words } from './scene-values.ts';
import type { Scene } from './slack-scenes.ts';

/** What only whoever typed or pressed sees. */
export const replyScenes = (words: Words): Scene[] => [...commandScenes(words), ...refusalScenes(words)];

const scene =
  (group: string) =>
  (name: string, title: string, show: () => Message): Scene => ({ name, title, group, place: 'private', as: 'bob', show });

function commandScenes(words: Words): Scene[] {
  const reply = scene('Answers to commands');
  const { active, denied, ended } = states(words);
  const items = Array.from({ length: words.resources }, (_, index) => ({
    key: index === 0 ? words.resource : `${words.resource}_${index}`,
    value: index === 0 ? words.label : `${words.label} ${index}`,
    group: words.integration,
    isPreexisting: index === 1,
  }));
  const preApproval = {
    org,
    id: must(parsePreApprovalId(idOf(401))),
    principal: bob,
    creator: carol,
    keyMakers: [],
    via: 'slack',
    permission: permissionOf(words),
    opensAt: start,
    closesAt: after(1440),
    duration: hour,
    reason: words.reason,
    createdAt: start,
    ended: undefined,
  } as const;
  const mine = many(words, words.requests, { kind: 'pending' }).map((each, index) => ({
    ...each,
    state: [each.state, active, ended, denied][index % 4] ?? each.state,
  }));
  const list = (found: typeof items) => () =>
    listReply({ arg: words.accessType, term: words.label, isTruncated: found.length > 25, items: found });
  return [
    reply('submitted', '/access request …', () => submittedReply(asked(words), false)),
    reply('submitted-again', '/access request …, of access that is there', () => submittedReply(asked(words), true)),
    reply('agreed', 'A yes where one is not enough', () => agreedReply(asked(words))),
    reply('escalated', 'Whoever escalates is told who is asked', () =>
      escalatedReply(asked(words, { groupsAsked: { count: 1, at: after(30) } })),
    ),
    reply('status', '/access status …', () => statusReply(asked(words, { state: active }))),
    reply('requests', '/access requests', () => requestsReply(mine)),
    reply('no-requests', '/access requests, without any', () => requestsReply([])),
    reply('list', '/access ls …', list(items)),
    reply('list-nothing', '/access ls …, without a match', list([])),
    reply('allowed', '/access allow …', () => allowedReply(preApproval)),
    reply('help', '/access --help', () => helpReply(helpText(undefined, '/access'))),
    reply('sign-in', '/access link', () => signInMessage(`https://curfew.example.com/link/${'x'.repeat(43)}`)),
    reply('linked', '/access link, of an account that is linked', () => linkedMessage(bob.email, '/access')),
    reply('unlinked', '/access unlink', () => unlinkedMessage(bob.email, '/access')),
  ];
}

function refusalScenes(words: Words): Scene[] {
  const refusal = scene('When something cannot be done');
  const told = (name: string, title: string, rejection: Rejection) => refusal(`not-${name}`, title, () => rejectionMessage(rejection));
  const known = Array.from({ length: words.resources }, (_, index) => `${words.resource}${index || ''}`);
  const usage = {
    code: 'usage',
    command: 'request',
    usage: helpText('request', '/access'),
    problem: 'Missing: <access-type>, <resource>.',
  } as const;
  return [
    told('understood', 'A command is incomplete', usage),
    told('there', 'What is asked for is not there', {
      code: 'unknown-resource',
      accessType: words.accessType,
      resource: words.label,
      known,
    }),
    told('allowed', 'A policy denies it', { code: 'not-allowed', deniedBy: words.policy }),
    told('approvable', 'Nobody could approve it', { code: 'nobody-can-approve', policies: [words.policy] }),
    told('self', 'The requestor presses Approve', { code: 'own-request' }),
    told('approver', 'Somebody else presses Approve', { code: 'not-approver' }),
    told('first', 'Somebody else was faster', { code: 'already-decided', status: 'DENIED', by: carol.email }),
    told('current', 'Something changed since the buttons were drawn', { code: 'stale-picture' }),
    told('guest', 'A guest presses', { code: 'identity-unknown', why: 'guest' }),
    told('linked', 'An account that is not linked yet', { code: 'identity-unknown', why: 'unlinked' }),
    told('linked-again', 'An account whose link was taken back', { code: 'identity-unknown', why: 'taken-back' }),
    told('now', 'A directory does not answer', { code: 'unavailable', what: words.group }),
    refusal('fault', 'A fault of ours', () => sentence(faultText('01938a00'))),
  ];
}
