/** Ids that must not be mistaken for one another. Each has one parser, and `as` stands only there. */
declare const brand: unique symbol;
type Branded<B extends string> = string & { readonly [brand]: B };

/** An organisation's slug: the `{org}` in `/o/{org}/…`. */
export type Org = Branded<'Org'>;
/** A person's record; every identity and address of one human points at it (decision 16). */
export type PersonId = Branded<'PersonId'>;
export type RequestId = Branded<'RequestId'>;
export type GrantId = Branded<'GrantId'>;
export type RightId = Branded<'RightId'>;
export type PreApprovalId = Branded<'PreApprovalId'>;
export type PanicId = Branded<'PanicId'>;
/** An e-mail address in its canonical form, see {@link canonicalEmail}. */
export type Email = Branded<'Email'>;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const slug = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
// Printable ASCII without the characters that Slack, LDAP or SQL give a meaning to.
const address = /^[a-z0-9.!#$%&*+/=?^_{|}~-]{1,64}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+$/;

const parse =
  <T extends string>(pattern: RegExp) =>
  (text: string): T | undefined =>
    pattern.test(text) ? (text as T) : undefined;

export const parseOrg = parse<Org>(slug);
export const parsePersonId = parse<PersonId>(uuid);
export const parseRequestId = parse<RequestId>(uuid);
export const parseGrantId = parse<GrantId>(uuid);
export const parseRightId = parse<RightId>(uuid);
export const parsePreApprovalId = parse<PreApprovalId>(uuid);
export const parsePanicId = parse<PanicId>(uuid);

/** The id of no record: of somebody who has none yet. */
export const nobody = '00000000-0000-0000-0000-000000000000' as PersonId;

/**
 * One spelling for one mailbox: whatever is not plain ASCII is refused, then letters are lower-cased.
 *
 * Folding look-alikes instead would be kinder and wrong, and the refusal comes before the lower-casing, because U+212A KELVIN SIGN lower-cases to `k`:
 * two strings that look different must not fold into one account.
 * @returns undefined for anything that is not a plain `local@domain` address of at most 254 characters.
 */
export function parseEmail(text: string): Email | undefined {
  const normal = text.trim();
  if (normal.length > 254 || !/^[\x21-\x7e]+$/.test(normal)) return undefined;
  const lower = normal.toLowerCase();
  return address.test(lower) ? (lower as Email) : undefined;
}

/** The mailbox behind a plus-tagged address: `bob+x@example.com` and `bob@example.com` are one person. */
export function canonicalEmail(email: Email): Email {
  const at = email.lastIndexOf('@');
  const local = email.slice(0, at);
  const plus = local.indexOf('+');
  return (plus > 0 ? local.slice(0, plus) + email.slice(at) : email) as Email;
}

/** Spells an address as it is spelled among these, where one of them is of the same mailbox. */
export function spelledAs(these: readonly Email[]): (email: Email) => Email {
  const spelled = new Map(these.map((email) => [canonicalEmail(email), email]));
  return (email) => spelled.get(canonicalEmail(email)) ?? email;
}
