import type { Json } from './json.ts';

export const TEAM = { id: 'T0LOCAL01', name: 'Local workspace', domain: 'local' } as const;
export const APP = { id: 'A0CURFEW1', userId: 'U0CURFEW1', botId: 'B0CURFEW1', name: 'curfew' } as const;
export const ENTERPRISE_NAME = 'Local organisation';
export const SLACKBOT_ID = 'USLACKBOT';

/** Somebody with a Slack account. `tz` is an IANA zone; `teamId` differs from ours for people of Slack Connect. */
export type Person = {
  id: string;
  name: string;
  realName: string;
  email: string;
  title: string;
  tz: string;
  color: string;
  deleted: boolean;
  isBot: boolean;
  isRestricted: boolean;
  isUltraRestricted: boolean;
  teamId: string;
  /** The organisation of Enterprise Grid that the team belongs to; empty where there is none. */
  enterpriseId: string;
};

export type NewPerson = Partial<Person> & { id: string; name: string };

/** A person with every field; what is not given is an ordinary member of this workspace. */
export function newPerson(given: NewPerson): Person {
  return {
    realName: given.name,
    email: `${given.name}@example.com`,
    title: '',
    tz: 'Europe/Berlin',
    color: '5b6470',
    deleted: false,
    isBot: false,
    isRestricted: false,
    isUltraRestricted: false,
    teamId: TEAM.id,
    enterpriseId: '',
    ...given,
  };
}

export const DEFAULT_PEOPLE: readonly Person[] = [
  newPerson({ id: 'U0ALICE01', name: 'alice', realName: 'Alice Archer', title: 'Owner, security reviewer', color: '7d3c98' }),
  newPerson({ id: 'U0BOB0001', name: 'bob', realName: 'Bob Baker', title: 'Engineer', color: '1f6fb2' }),
  newPerson({
    id: 'U0CAROL01',
    name: 'carol',
    realName: 'Carol Chen',
    title: 'Platform team, security reviewer',
    tz: 'America/New_York',
    color: '1e8449',
  }),
  newPerson({ id: 'U0DAVE001', name: 'dave', realName: 'Dave Diaz', title: 'Platform team', tz: 'Asia/Kolkata', color: 'b9770e' }),
  newPerson({ id: APP.userId, name: APP.name, realName: 'Curfew', email: '', title: 'App', isBot: true, color: '2c3e50' }),
  newPerson({ id: SLACKBOT_ID, name: 'slackbot', realName: 'Slackbot', email: '', isBot: true, color: '616061' }),
];

function offsetSeconds(tz: string, at: Date): number {
  const part = new Intl.DateTimeFormat('en-US', { timeZone: tz, timeZoneName: 'longOffset' })
    .formatToParts(at)
    .find((piece) => piece.type === 'timeZoneName');
  const match = /GMT([+-])(\d{2}):(\d{2})/.exec(part?.value ?? '');
  if (match === null) return 0;
  const seconds = Number(match[2]) * 3600 + Number(match[3]) * 60;
  return match[1] === '-' ? -seconds : seconds;
}

/** The user object of `users.info` and of the user_change event. */
export function toSlackUser(person: Person, atMs: number): Json {
  return {
    id: person.id,
    team_id: person.teamId,
    name: person.name,
    deleted: person.deleted,
    color: person.color,
    real_name: person.realName,
    tz: person.tz,
    tz_label: person.tz,
    tz_offset: offsetSeconds(person.tz, new Date(atMs)),
    profile: {
      title: person.title,
      real_name: person.realName,
      real_name_normalized: person.realName,
      display_name: person.name,
      display_name_normalized: person.name,
      team: person.teamId,
      ...(person.email === '' ? {} : { email: person.email }),
      ...(person.id === APP.userId ? { bot_id: APP.botId, api_app_id: APP.id } : {}),
    },
    is_admin: false,
    is_owner: false,
    is_primary_owner: false,
    is_restricted: person.isRestricted,
    is_ultra_restricted: person.isUltraRestricted,
    is_bot: person.isBot,
    is_app_user: false,
    is_email_confirmed: person.email !== '',
    ...(person.enterpriseId === ''
      ? {}
      : {
          enterprise_user: {
            id: person.id,
            enterprise_id: person.enterpriseId,
            enterprise_name: ENTERPRISE_NAME,
            is_admin: false,
            is_owner: false,
            is_primary_owner: false,
            teams: [person.teamId],
          },
        }),
    // A colleague from another team of the same organisation is none.
    ...(person.teamId === TEAM.id || person.enterpriseId !== '' ? {} : { is_stranger: true }),
    updated: Math.floor(atMs / 1000),
  };
}
