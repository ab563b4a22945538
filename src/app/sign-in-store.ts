/** What signing in to link a Slack account needs of the outside: the store, and the organisation's identity provider. */
import type { Email, Org } from '../domain/ids.ts';
import type { Person } from '../domain/request.ts';
import type { Actor } from './store.ts';
import type { AccountId } from './use-cases.ts';

/** The account as its workspace shows it, for the person who confirms. Nothing follows from it. */
export type ShownAccount = {
  /** The workspace's name. */
  readonly workspace: string;
  readonly name: string;
  /** What Slack says the address is, whether anybody confirmed it or not. */
  readonly email: string | undefined;
};

/** Who signed in, as the provider vouches for them. `subject` is the provider's immutable id. */
export type SignedIn = { readonly issuer: string; readonly subject: string; readonly email: Email };

export type OpenSignIn = { readonly account: AccountId; readonly shown: ShownAccount; readonly signed: SignedIn | undefined };

/**
 * `gone`: there is no such sign-in any more. `taken`: the account is linked to somebody else. `second-account`: the person has
 * another account of that workspace. `other-person`: the provider's account is one person's, and its address another's.
 */
export type SignedLink =
  | { readonly person: Person; readonly account: AccountId }
  | { readonly why: 'gone' }
  | { readonly why: 'taken' | 'second-account' | 'other-person'; readonly by: SignedIn; readonly person: Person | undefined };

/** Sign-ins under way. Secrets come as hashes; a sign-in ends ten minutes after it was opened, whatever it came to. */
export type SignInStore = {
  open(org: Org, token: string, account: AccountId, shown: ShownAccount): Promise<void>;
  /** By the hash of the link's token or of the browser's secret. Undefined for one that is over. */
  read(org: Org, by: { readonly token: string } | { readonly browser: string }): Promise<OpenSignIn | undefined>;
  /** This browser goes on with it, and none that did before. False where there is none. */
  begin(org: Org, token: string, browser: string): Promise<boolean>;
  /** Once. False where it is over, or was signed already. */
  sign(org: Org, browser: string, signed: SignedIn): Promise<boolean>;
  /** Ends the sign-in, and links the account to whoever signed in where nothing speaks against it, with its audit event. */
  link(org: Org, browser: string): Promise<SignedLink>;
};

export type AccountWrites = {
  /** Takes back the link of one account, or of all that a person has. @returns how many there were */
  unlink(actor: Actor, org: Org, which: { readonly account: AccountId } | { readonly person: Email }): Promise<number>;
};

/** What the provider sent the browser back with; each part is whatever stood in the address. */
export type SignInAnswer = {
  readonly state: string | undefined;
  readonly code: string | undefined;
  readonly error: string | undefined;
  readonly iss: string | undefined;
};

/** `foreign`: not the answer to what this browser was sent with. `unverified`: the provider does not vouch for an address. */
export type SignInProblem = 'foreign' | 'refused' | 'unverified' | 'unavailable';

/**
 * The organisation's OpenID provider. All that a sign-in needs to be safe is derived from one secret, which only the browser has:
 * state, nonce, the verifier of PKCE and the mark of the form.
 */
export type SignInProvider = {
  /** 256 random bits, as they go into an address or a cookie. */
  newSecret(): string;
  /** What is kept of a secret. */
  hash(secret: string): string;
  /** Where the browser is sent to sign in; undefined while the provider is away. `callback`: where it comes back to. */
  address(browser: string, callback: string): Promise<string | undefined>;
  redeem(browser: string, answer: SignInAnswer, callback: string): Promise<SignedIn | SignInProblem>;
  /** Stands in the form of the page that this browser was given. */
  formMark(browser: string): string;
  isFormMark(browser: string, given: string): boolean;
};
