import { type ApprovalChannels, audienceOf, groupsAsked } from '../domain/audience.ts';
import type { Email } from '../domain/ids.ts';
import type { GroupRef } from '../domain/policy.ts';
import type { Place } from '../domain/posting.ts';
import type { PermissionRequest } from '../domain/request.ts';
import type { Outcome } from '../domain/route.ts';
import { type RoutingDeps, usablePaths } from './routing.ts';

/** Where the approvers of a request are asked now. Members that cannot be looked up are left to the channel. */
export async function findAudience(
  { directories, log }: Pick<RoutingDeps, 'directories' | 'log'>,
  channels: ApprovalChannels,
  request: PermissionRequest,
  outcome: Outcome,
): Promise<readonly Place[]> {
  const paths = usablePaths(request, outcome);
  const groups = new Map(groupsAsked(paths).map((group) => [keyOf(group), group]));
  const members = new Map<string, readonly Email[]>();
  for (const [key, group] of groups) {
    try {
      const listed = await directories(group.directory)?.members?.(group);
      if (listed !== undefined && listed !== 'not-configured') members.set(key, listed);
    } catch (error) {
      log.warn({ err: error, directory: group.directory }, 'members could not be looked up; they are asked in the channel only');
    }
  }
  return audienceOf(paths, request, channels, (group) => members.get(keyOf(group)));
}

const keyOf = ({ directory, id }: GroupRef): string => JSON.stringify([directory, id]);
