/** From a Slack account to the person that the rest of the system knows. See ADR 10. */
import type { Caller } from '../app/ports.ts';
import type { ShownAccount } from '../app/sign-in-store.ts';
import type { OutsideAccount, UseCases } from '../app/use-cases.ts';
import { type Email, type Org, parseEmail } from '../domain/ids.ts';
import { accept, type Rejection, reject, type Result } from '../domain/result.ts';
import { everyScope } from '../domain/scope.ts';
import type { Account, People } from './people.ts';
import type { CountRefused } from './refused.ts';

export type Identities = {
  /** Who presses or types. Refuses guests, bots, deactivated accounts, people of other workspaces and accounts that are nobody's. */
  caller(userId: string): Promise<Result<Caller>>;
  /** On whose behalf something is asked for by another who names them. Refuses as `caller` does, and makes no link. */
  named(userId: string): Promise<Result<Caller>>;
  /** Whose home tab this account looks at. Refuses as `caller` does; nobody did anything, so no link is made and nothing is counted. */
  shown(userId: string): Promise<Result<Caller>>;
  /** The account of somebody who could be a caller, and who it is linked to; no link is made. */
  account(userId: string): Promise<Result<LookedAt>>;
  /** Links the account of somebody who asks for it by the address that the workspace vouches for, also where the link was taken back. */
  linkAgain(userId: string): Promise<Result<Caller>>;
  /** The address of somebody who is mentioned; undefined where that person could not be a caller. */
  addressOf(userId: string): Promise<Email | undefined>;
  /** The user that is linked to whoever has this address; undefined where no account of this workspace is. */
  linkedUser(email: Email): Promise<string | undefined>;
};

/** Where the bot's token belongs to. `enterpriseId`: the organisation of Enterprise Grid, where there is one. */
export type Home = {
  readonly teamId: string;
  readonly teamName: string;
  readonly enterpriseId: string | undefined;
  /** The app is installed in the whole organisation, and not in one workspace of it. */
  readonly isOrgWide: boolean;
};

export type LookedAt = {
  readonly account: OutsideAccount;
  readonly shown: ShownAccount;
  readonly caller: Caller | undefined;
  readonly isTakenBack: boolean;
};

type Why = Extract<Rejection, { code: 'identity-unknown' }>['why'];

export function createIdentities(deps: {
  readonly people: People;
  readonly useCases: Pick<UseCases, 'linkAccount' | 'linkAgain' | 'findLink' | 'namedPerson' | 'linkedUser'>;
  readonly org: Org;
  readonly home: Home;
  /** The workspace vouches for its members' addresses, so an account may be linked by its own. */
  readonly linkByEmail: boolean;
  /** An account that is not linked by its address can be linked by signing in. */
  readonly canSignIn: boolean;
  readonly countRefused: CountRefused;
}): Identities {
  const { org, home } = deps;
  // An organisation's people have one id in all of its workspaces.
  const workspace = home.enterpriseId ?? home.teamId;
  const look = async (userId: string): Promise<Pick<LookedAt, 'account' | 'shown'> | { readonly why: Why }> => {
    const found = await deps.people.account(userId);
    const why = found === undefined ? 'stranger' : whyNobody(found, home);
    if (found === undefined || why !== undefined) return { why: why ?? 'stranger' };
    const email = deps.linkByEmail ? addressIn(found) : undefined;
    return { account: { provider: 'slack', workspace, user: userId, email }, shown: shownAs(found, home) };
  };
  const callerFor = (person: Caller['person']): Caller => ({ org, person, via: 'slack', scopes: everyScope });
  const toldOf = (why: Why): Why => (why === 'unlinked' && !deps.canSignIn ? 'no-email' : why);
  const refuse = (why: Why) => {
    deps.countRefused(toldOf(why));
    return reject({ code: 'identity-unknown', why: toldOf(why) });
  };
  const personBy = async (userId: string, find: UseCases['linkAccount']) => {
    const looked = await look(userId);
    return 'why' in looked ? looked : find(org, looked.account);
  };
  const callerBy = async (userId: string, find: UseCases['linkAccount']): Promise<Result<Caller>> => {
    const found = await personBy(userId, find);
    return 'person' in found ? accept(callerFor(found.person)) : refuse(found.why);
  };
  return {
    caller: (userId) => callerBy(userId, deps.useCases.linkAccount),
    named: (userId) => callerBy(userId, deps.useCases.namedPerson),
    linkAgain: (userId) => callerBy(userId, deps.useCases.linkAgain),
    async shown(userId) {
      const found = await personBy(userId, deps.useCases.namedPerson);
      return 'person' in found ? accept(callerFor(found.person)) : reject({ code: 'identity-unknown', why: toldOf(found.why) });
    },
    async account(userId) {
      const looked = await look(userId);
      if ('why' in looked) return refuse(looked.why);
      const link = await deps.useCases.findLink(org, looked.account);
      if (link !== undefined && 'person' in link) return accept({ ...looked, caller: callerFor(link.person), isTakenBack: false });
      if (link !== undefined && link.why !== 'taken-back') return refuse(link.why);
      return accept({ ...looked, caller: undefined, isTakenBack: link !== undefined });
    },
    async addressOf(userId) {
      const looked = await look(userId);
      if ('why' in looked) return undefined;
      const link = await deps.useCases.findLink(org, looked.account);
      if (link === undefined) return looked.account.email;
      return 'person' in link ? link.person.email : undefined;
    },
    linkedUser: (email) => deps.useCases.linkedUser(org, { provider: 'slack', workspace, email }),
  };
}

/** Slackbot is no bot by its flags. */
const slackbot = 'USLACKBOT';

/** Undefined for a full member of ours. */
function whyNobody(account: Account, home: Home): Why | undefined {
  if (!isOurs(account, home)) return 'stranger';
  if (account.deleted === true) return 'deactivated';
  if (account.is_bot === true || account.is_app_user === true || account.is_workflow_bot === true || account.id === slackbot) return 'bot';
  if (account.is_restricted === true || account.is_ultra_restricted === true || account.is_invited_user === true) return 'guest';
  return undefined;
}

/** An address that nobody confirmed could be anybody's. */
const addressIn = (account: Account): Email | undefined =>
  account.is_email_confirmed === false ? undefined : parseEmail(account.profile?.email ?? '');

const longestShown = 200;
const shownAs = (account: Account, { teamName }: Home): ShownAccount => {
  const names = [account.profile?.display_name, account.profile?.real_name, account.name].filter(
    (name) => name !== undefined && name !== '',
  );
  const email = account.profile?.email;
  return {
    workspace: storable(teamName),
    // What is shown first in Slack can be chosen freely, so the other stands beside it.
    name: storable([...new Set(names)].slice(0, 2).join(' / ')),
    email: email === undefined || email === '' ? undefined : storable(email),
  };
};
/** As the database can keep it. */
const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed().slice(0, longestShown).toWellFormed();

/** A colleague from another workspace of the organisation is ours only where the app is installed in all of them. */
function isOurs({ team_id: teamId, is_stranger: isStranger, enterprise_user: member }: Account, home: Home): boolean {
  if (isStranger === true) return false;
  if (home.enterpriseId === undefined) return teamId === home.teamId;
  if (member?.enterprise_id !== home.enterpriseId) return false;
  return home.isOrgWide || teamId === home.teamId || (member.teams ?? []).includes(home.teamId);
}
