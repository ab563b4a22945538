/** What a token of a whole organisation can reach, and what it has to say. */
import type { Hub } from '../hub.ts';
import { type Json, textOf } from '../json.ts';
import type { Refusal } from '../modals.ts';
import { TEAM } from '../people.ts';
import { type Method, page, refuse } from './method.ts';

const teamsOf = ({ enterprise }: Hub): { id: string; name: string }[] => [
  { id: TEAM.id, name: TEAM.name },
  ...(enterprise?.isOrgWide === true ? (enterprise.teams ?? []) : []),
];

const listTeams: Method = (hub, args) => {
  const paged = page(teamsOf(hub), args);
  if ('ok' in paged) return paged;
  return { ok: true, teams: paged.items, response_metadata: { next_cursor: paged.next_cursor } };
};

/** The workspace that a list is of. The token of one workspace need not name it, and what it names is ignored. */
export function teamOf(hub: Hub, args: Json): { ok: true; teamId: string } | Refusal {
  if (hub.enterprise?.isOrgWide !== true) return { ok: true, teamId: TEAM.id };
  const teamId = textOf(args['team_id']);
  if (teamId === '') return refuse('missing_argument', ['[ERROR] missing required field: team_id']);
  return teamsOf(hub).some(({ id }) => id === teamId) ? { ok: true, teamId } : refuse('team_access_not_granted');
}

export const teamMethods: Record<string, Method> = { 'auth.teams.list': listTeams };
