import type { Email } from '../domain/ids.ts';
import { parseEmail } from '../domain/ids.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { actorOf } from './actor.ts';
import { asOwner } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Store } from './store.ts';
import type { AccountId } from './use-cases.ts';

/** Taking back the link between a person and their account of a chat workspace. It is made anew by something they do themselves. */
export type AccountDoors = {
  /** Of the account that the caller came with. */
  unlink(caller: Caller, account: AccountId): Promise<Result<Unlinked>>;
  /** Of whatever accounts the person with this address has; for owners. Refuses with `not-found` where there is none. */
  unlinkPerson(caller: Caller, address: string): Promise<Result<Unlinked>>;
};

export type Unlinked = { readonly email: Email };

type Deps = { readonly store: Store; readonly routing: RoutingDeps };

export function createAccountDoors(deps: Deps, door: Doorway): AccountDoors {
  return {
    unlink: door({ scope: 'command', attempt: 'account.unlink' }, (caller, account) =>
      deps.store.transaction(async (tx) => {
        const gone = await tx.accounts.unlink(actorOf(caller), caller.org, { account });
        return gone === 0 ? reject({ code: 'not-found' }) : accept({ email: caller.person.email });
      }),
    ),
    unlinkPerson: door({ scope: 'settings', attempt: 'account.unlink' }, async (caller, address) => {
      const email = parseEmail(address);
      if (email === undefined) return reject({ code: 'invalid-principal', given: address });
      return asOwner(deps, caller, async (tx) => {
        const gone = await tx.accounts.unlink(actorOf(caller), caller.org, { person: email });
        return gone === 0 ? reject({ code: 'not-found' }) : accept({ email });
      });
    }),
  };
}
