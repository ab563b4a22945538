/** Where approvers are asked: the channels of the policies, and direct messages to those who are known by name. */
import type { ApprovalPath } from './approval-path.ts';
import { canonicalEmail, type Email } from './ids.ts';
import type { GroupRef } from './policy.ts';
import { type Place, usual } from './posting.ts';
import type { PermissionRequest } from './request.ts';

/** By policy: the name or id of the channel that its approvers read. */
export type ApprovalChannels = ReadonlyMap<string, string>;
/** Undefined where the directory cannot list them. */
export type MembersOf = (group: GroupRef) => readonly Email[] | undefined;

/** For more people than this a channel is the better place. */
const mostAsked = 20;

/** The groups whose members may approve on these ways. Nobody lists "anybody outside of a group". */
export const groupsAsked = (paths: readonly ApprovalPath[]): readonly GroupRef[] =>
  paths.flatMap(({ approvers }) => (approvers.kind === 'group' && approvers.effect === 'keep' ? approvers.groups : []));

/**
 * @param paths the ways on which this request may be approved
 * @returns at least one channel, then people; nothing and nobody twice. Who may not decide is not written to, nor who did their part.
 */
export function audienceOf(
  paths: readonly ApprovalPath[],
  request: Pick<PermissionRequest, 'requestor' | 'principal' | 'endorsements'>,
  channels: ApprovalChannels,
  membersOf: MembersOf,
): readonly Place[] {
  const named = new Set(paths.map(({ policy }) => channels.get(policy)));
  const places = [...(named.size === 0 ? [undefined] : named)].map(
    (channel): Place => (channel === undefined ? usual : { kind: 'channel', channel }),
  );
  const asked = new Map(paths.flatMap((path) => peopleOf(path, request, membersOf)).map((email) => [canonicalEmail(email), email]));
  return asked.size > mostAsked ? places : [...places, ...[...asked.values()].map((email): Place => ({ kind: 'person', email }))];
}

function peopleOf(
  { approvers, options }: ApprovalPath,
  { requestor, principal, endorsements = [] }: Pick<PermissionRequest, 'requestor' | 'principal' | 'endorsements'>,
  membersOf: MembersOf,
): readonly Email[] {
  const done = [...(options.allowOneParty ? [] : [requestor, principal]), ...endorsements.map(({ by }) => by)];
  const left = new Set(done.map(({ email }) => canonicalEmail(email)));
  const people =
    approvers.kind === 'person'
      ? [approvers.email]
      : approvers.kind === 'group' && approvers.effect === 'keep'
        ? approvers.groups.flatMap((group) => membersOf(group) ?? [])
        : [];
  return people.filter((email) => !left.has(canonicalEmail(email)));
}
