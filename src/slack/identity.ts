/** From a Slack account to the person that the rest of the system knows. See ADR 10. */
import type { Caller } from '../app/ports.ts';
import type { OutsideAccount, UseCases } from '../app/use-cases.ts';
import { type Email, type Org, parseEmail } from '../domain/ids.ts';
import { accept, type Rejection, reject, type Result } from '../domain/result.ts';
import { everyScope } from '../domain/scope.ts';
import type { Account, People } from './people.ts';
import type { CountRefused } from './refused.ts';

export type Identities = {
  /** Who presses or types. Refuses guests, bots, deactivated accounts, people of other workspaces and those without a confirmed address. */
  caller(userId: string): Promise<Result<Caller>>;
  /** The address of somebody who is mentioned; undefined where that person could not be a caller. */
  addressOf(userId: string): Promise<Email | undefined>;
  /** The user that is linked to whoever has this address; undefined where no account of this workspace is. */
  linkedUser(email: Email): Promise<string | undefined>;
};

/** Where the bot's token belongs to. `enterpriseId`: the organisation of Enterprise Grid, where there is one. */
export type Home = {
  readonly teamId: string;
  readonly enterpriseId: string | undefined;
  /** The app is installed in the whole organisation, and not in one workspace of it. */
  readonly isOrgWide: boolean;
};

type Why = Extract<Rejection, { code: 'identity-unknown' }>['why'];

export function createIdentities(deps: {
  readonly people: People;
  readonly useCases: Pick<UseCases, 'linkAccount' | 'findLink' | 'linkedUser'>;
  readonly org: Org;
  readonly home: Home;
  readonly countRefused: CountRefused;
}): Identities {
  const { org, home } = deps;
  // An organisation's people have one id in all of its workspaces.
  const workspace = home.enterpriseId ?? home.teamId;
  const look = async (userId: string): Promise<OutsideAccount | { readonly why: Why }> => {
    const account = await deps.people.account(userId);
    const found = account === undefined ? ({ why: 'stranger' } as const) : addressIn(account, home);
    return 'why' in found ? found : { provider: 'slack', workspace, user: userId, email: found.email };
  };
  return {
    async caller(userId) {
      const account = await look(userId);
      const found = 'why' in account ? account : await deps.useCases.linkAccount(org, account);
      if ('person' in found) return accept({ org, person: found.person, via: 'slack', scopes: everyScope });
      deps.countRefused(found.why);
      return reject({ code: 'identity-unknown', why: found.why });
    },
    async addressOf(userId) {
      const account = await look(userId);
      if ('why' in account) return undefined;
      const link = await deps.useCases.findLink(org, account);
      if (link === undefined) return account.email;
      return 'person' in link ? link.person.email : undefined;
    },
    linkedUser: (email) => deps.useCases.linkedUser(org, { provider: 'slack', workspace, email }),
  };
}

/** Slackbot is no bot by its flags. */
const slackbot = 'USLACKBOT';

function addressIn(account: Account, home: Home): { readonly email: Email } | { readonly why: Why } {
  if (!isOurs(account, home)) return { why: 'stranger' };
  if (account.deleted === true) return { why: 'deactivated' };
  if (account.is_bot === true || account.is_app_user === true || account.is_workflow_bot === true || account.id === slackbot)
    return { why: 'bot' };
  if (account.is_restricted === true || account.is_ultra_restricted === true || account.is_invited_user === true) return { why: 'guest' };
  const email = parseEmail(account.profile?.email ?? '');
  // An address that nobody confirmed could be anybody's.
  return email === undefined || account.is_email_confirmed === false ? { why: 'no-email' } : { email };
}

/** A colleague from another workspace of the organisation is ours only where the app is installed in all of them. */
function isOurs({ team_id: teamId, is_stranger: isStranger, enterprise_user: member }: Account, home: Home): boolean {
  if (isStranger === true) return false;
  if (home.enterpriseId === undefined) return teamId === home.teamId;
  if (member?.enterprise_id !== home.enterpriseId) return false;
  return home.isOrgWide || teamId === home.teamId || (member.teams ?? []).includes(home.teamId);
}
