/** From a Slack account to the person that the rest of the system knows. */
import type { Caller } from '../app/ports.ts';
import type { UseCases } from '../app/use-cases.ts';
import { type Email, type Org, parseEmail } from '../domain/ids.ts';
import { accept, type Rejection, reject, type Result } from '../domain/result.ts';
import { everyScope } from '../domain/scope.ts';
import type { Account, People } from './people.ts';

export type Identities = {
  /** Who presses or types. Refuses guests, bots, deactivated accounts, people of other workspaces and those without a confirmed address. */
  caller(userId: string): Promise<Result<Caller>>;
  /** The address of somebody who is mentioned; undefined where that person could not be a caller. */
  addressOf(userId: string): Promise<Email | undefined>;
};

type Why = Extract<Rejection, { code: 'identity-unknown' }>['why'];

/** `teamId`: the workspace that the bot's token belongs to. */
export function createIdentities(deps: {
  readonly people: People;
  readonly useCases: Pick<UseCases, 'identify'>;
  readonly org: Org;
  readonly teamId: string;
}): Identities {
  const look = async (userId: string): Promise<{ readonly email: Email } | { readonly why: Why }> => {
    const account = await deps.people.account(userId);
    return account === undefined ? { why: 'stranger' } : addressIn(account, deps.teamId);
  };
  return {
    async caller(userId) {
      const found = await look(userId);
      if ('why' in found) return reject({ code: 'identity-unknown', why: found.why });
      const { org, teamId } = deps;
      const person = await deps.useCases.identify(org, { provider: 'slack', subject: `${teamId}/${userId}`, email: found.email });
      return accept({ org, person, via: 'slack', scopes: everyScope });
    },
    async addressOf(userId) {
      const found = await look(userId);
      return 'email' in found ? found.email : undefined;
    },
  };
}

/** Slackbot is no bot by its flags. */
const slackbot = 'USLACKBOT';

function addressIn(account: Account, teamId: string): { readonly email: Email } | { readonly why: Why } {
  if (account.team_id !== teamId || account.is_stranger === true) return { why: 'stranger' };
  if (account.deleted === true) return { why: 'deactivated' };
  if (account.is_bot === true || account.is_app_user === true || account.is_workflow_bot === true || account.id === slackbot)
    return { why: 'bot' };
  if (account.is_restricted === true || account.is_ultra_restricted === true || account.is_invited_user === true) return { why: 'guest' };
  const email = parseEmail(account.profile?.email ?? '');
  // An address that nobody confirmed could be anybody's.
  return email === undefined || account.is_email_confirmed === false ? { why: 'no-email' } : { email };
}
