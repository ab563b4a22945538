/** A Slack account is linked to whoever signs in with the identity provider. See ADR 10. */
import type { Org } from '../domain/ids.ts';
import type { Person } from '../domain/request.ts';
import type { ShownAccount, SignedLink, SignInAnswer, SignInProblem, SignInProvider } from './sign-in-store.ts';
import type { Store } from './store.ts';
import type { AccountId } from './use-cases.ts';

/**
 * The steps of one sign-in, which nobody's role or token is asked for: who knows the token of the link may begin, and only the
 * browser that began may go on.
 */
export type SignInSteps = {
  /** @returns the token of a link that this account's person may use for ten minutes */
  open(org: Org, account: AccountId, shown: ShownAccount): Promise<string>;
  /** The account that a link is for; undefined for one that is unknown, used or too old. */
  find(org: Org, token: string): Promise<ShownAccount | undefined>;
  /** `browser`: a secret for the browser that goes on; `address`: where it signs in. Nothing is used up before the end. */
  begin(
    org: Org,
    token: string,
    callback: string,
  ): Promise<{ readonly browser: string; readonly address: string } | 'gone' | 'unavailable'>;
  finish(org: Org, browser: string, answer: SignInAnswer, callback: string): Promise<'signed' | 'gone' | SignInProblem>;
  /** What is to be confirmed, with the mark that the confirmation must bear. */
  read(org: Org, browser: string): Promise<{ readonly shown: ShownAccount; readonly email: string; readonly mark: string } | undefined>;
  /** Links. A sign-in that comes to nothing is over as well, and each is on record. */
  confirm(org: Org, browser: string, mark: string): Promise<Confirmed>;
};

export type Confirmed =
  | { readonly person: Person; readonly account: AccountId }
  | { readonly why: 'foreign' | Extract<SignedLink, { why: string }>['why'] };

export function createSignInSteps({
  store,
  provider,
}: {
  readonly store: Pick<Store, 'signIns' | 'recordRefusal'>;
  readonly provider: SignInProvider;
}): SignInSteps {
  const { signIns } = store;
  return {
    async open(org, account, shown) {
      const token = provider.newSecret();
      await signIns.open(org, provider.hash(token), account, shown);
      return token;
    },
    find: async (org, token) => (await signIns.read(org, { token: provider.hash(token) }))?.shown,
    async begin(org, token, callback) {
      const browser = provider.newSecret();
      const address = await provider.address(browser, callback);
      if (address === undefined) return 'unavailable';
      return (await signIns.begin(org, provider.hash(token), provider.hash(browser))) ? { browser, address } : 'gone';
    },
    async finish(org, browser, answer, callback) {
      const hash = provider.hash(browser);
      const open = await signIns.read(org, { browser: hash });
      if (open === undefined || open.signed !== undefined) return 'gone';
      const signed = await provider.redeem(browser, answer, callback);
      if (typeof signed === 'string') return signed;
      return (await signIns.sign(org, hash, signed)) ? 'signed' : 'gone';
    },
    async read(org, browser) {
      const open = await signIns.read(org, { browser: provider.hash(browser) });
      return open?.signed && { shown: open.shown, email: open.signed.email, mark: provider.formMark(browser) };
    },
    async confirm(org, browser, mark) {
      if (!provider.isFormMark(browser, mark)) return { why: 'foreign' };
      const linked = await signIns.link(org, provider.hash(browser));
      if ('why' in linked && linked.why !== 'gone') {
        const actor =
          linked.person === undefined
            ? ({ kind: 'unknown' } as const)
            : { kind: 'person' as const, ...linked.person, via: 'slack' as const };
        await store.recordRefusal(actor, org, { attempt: 'account.link', code: linked.why, request: undefined });
      }
      return linked;
    },
  };
}
