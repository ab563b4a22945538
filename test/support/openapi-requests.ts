import fc from 'fast-check';
import { arbitraryOf, type Making, rubbishTexts } from './openapi-arbitrary.ts';
import type { Operation } from './openapi-document.ts';
import { Chosen, poolOf, type Pools, resolve } from './openapi-pools.ts';
import { asJson, type Spoiling, spoilings } from './openapi-spoil.ts';

/** What to put for one parameter. */
type Given =
  /** Something that exists, or failing that what the schema allows. */
  | { readonly kind: 'fitting'; readonly exists: Chosen; readonly else: unknown }
  /** Something that another organisation has. */
  | { readonly kind: 'foreign'; readonly exists: Chosen; readonly else: unknown }
  | { readonly kind: 'as it is'; readonly value: unknown };

/** A request before anybody knows what exists: made by fast-check, and the same for the same seed. */
export type Plan = {
  readonly operation: Operation;
  readonly isTame: boolean;
  readonly token: number;
  readonly path: Readonly<Record<string, Given>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
  /** A member of the body that is called like a parameter of the path says the same, as it must for a name. */
  readonly repeatsPath: boolean;
  readonly spoiled: { readonly how: Spoiling; readonly nth: number } | undefined;
  readonly method: string | undefined;
  readonly slashes: '' | 'trailing' | 'doubled';
  readonly overSocket: boolean;
};

/** A request as it goes out, and what is known of how it must end. */
export type Sent = {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | undefined;
  /** The values of the path's parameters, as the server reads them. */
  readonly path: Readonly<Record<string, string>>;
  /** Why no answer but a refusal is right. */
  readonly mustFail: string | undefined;
};

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];
const spoilingNames = Object.keys(spoilings).filter((name): name is Spoiling => name in spoilings);
/** Node's and the test's client would make another path of dots. */
const sendable = rubbishTexts.filter((text) => !/^\.*$/.test(text));

const seldom = <T>(arbitrary: fc.Arbitrary<T>, weight: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 100 - weight, arbitrary: fc.constant(undefined) }, { weight, arbitrary });

/** Plans for one operation; tame ones are as good as can be told from the document, whoever asks. */
export function plansFor(making: Making, operation: Operation): fc.Arbitrary<Plan> {
  const { isTame, words } = making;
  const parameters = (where: string) => operation.parameters.filter((each) => each.in === where);
  const query = Object.fromEntries(
    parameters('query').map(({ name, schema, required }) => {
      const value = queryValue(making, schema, name);
      // Every filter more makes it likelier that nothing is found.
      return [name, required ? value : seldom(value, isTame ? 15 : 40)];
    }),
  );
  const headers = Object.fromEntries(
    [...parameters('header').map(({ name }) => name.toLowerCase()), 'if-match', 'idempotency-key'].map((name) => [
      name,
      seldom(words[name]?.string ?? fc.string({ unit: 'grapheme-ascii', maxLength: 20 }), isTame ? 5 : 15),
    ]),
  );
  return fc.record({
    operation: fc.constant(operation),
    isTame: fc.constant(isTame),
    token: fc.nat(),
    path: fc.record(Object.fromEntries(parameters('path').map(({ name, schema }) => [name, pathValue(making, operation, schema, name)]))),
    query: fc.record(query),
    headers: fc.record(headers),
    body: operation.bodySchema === undefined ? fc.constant(undefined) : arbitraryOf(making, operation.bodySchema),
    repeatsPath: isTame ? fc.constant(true) : fc.boolean(),
    spoiled: isTame ? fc.constant(undefined) : seldom(fc.record({ how: fc.constantFrom(...spoilingNames), nth: fc.nat({ max: 60 }) }), 60),
    method: isTame ? fc.constant(undefined) : seldom(fc.constantFrom(...methods), 5),
    slashes: fc.oneof({ weight: 9, arbitrary: fc.constant('' as const) }, { weight: 1, arbitrary: fc.constantFrom('trailing', 'doubled') }),
    overSocket: fc.integer({ min: 0, max: 99 }).map((n) => n < 5),
  });
}

const queryValue = (making: Making, schema: Operation['parameters'][number]['schema'], name: string): fc.Arbitrary<unknown> =>
  making.isTame ? arbitraryOf(making, schema, name) : fc.oneof(arbitraryOf(making, schema, name), fc.constantFrom(...rubbishTexts));

function pathValue(
  making: Making,
  operation: Operation,
  schema: Operation['parameters'][number]['schema'],
  name: string,
): fc.Arbitrary<Given> {
  if (name === 'org') {
    const own = fc.constant({ kind: 'as it is', value: undefined } as const);
    const others = fc.constantFrom('elsewhere', 'nowhere', 'DEMO', '%').map((value) => ({ kind: 'as it is', value }) as const);
    return making.isTame ? own : fc.oneof({ weight: 12, arbitrary: own }, { weight: 1, arbitrary: others });
  }
  const isFree = schema['enum'] === undefined;
  const allowed = arbitraryOf({ ...making, isTame: true }, schema, name).map((value) => (value instanceof Chosen ? undefined : value));
  const exists = fc.nat({ max: 19 }).map((nth) => new Chosen(poolOf(operation.path, name), nth));
  const asItIs = allowed.map((value) => ({ kind: 'as it is', value: value ?? 'a' }) as const);
  const fitting = isFree ? fc.record({ kind: fc.constant('fitting'), exists, else: allowed }) : asItIs;
  if (making.isTame) return isFree && making.words[name] !== undefined ? fc.oneof(fitting, asItIs) : fitting;
  return fc.oneof(
    { weight: 10, arbitrary: fitting },
    { weight: 2, arbitrary: asItIs },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('foreign'), exists, else: fc.uuid() }) },
    { weight: 1, arbitrary: fc.uuid().map((value) => ({ kind: 'as it is', value }) as const) },
    { weight: 2, arbitrary: fc.constantFrom(...sendable).map((value) => ({ kind: 'as it is', value }) as const) },
    {
      weight: 1,
      arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 300 }).map((value) => ({ kind: 'as it is', value }) as const),
    },
  );
}

export type Known = { readonly org: string; readonly ours: Pools; readonly theirs: Pools };

/** Puts in what exists by now. */
export function build(plan: Plan, known: Known): Sent {
  const { operation } = plan;
  let foreign: string | undefined;
  const path = Object.fromEntries(
    Object.entries(plan.path).map(([name, given]) => {
      if (given.kind === 'as it is') return [name, withoutDots(asText(given.value ?? known.org))];
      const found = given.kind === 'foreign' ? known.theirs.pickId(given.exists) : known.ours.pick(given.exists);
      if (given.kind === 'foreign') foreign = found;
      return [name, withoutDots(asText(found ?? given.else ?? 'a'))];
    }),
  );
  const url = operation.path.replace(/\{([^}]+)\}/g, (_, name: string) => encodeSegment(path[name] ?? ''));
  const query = new URLSearchParams(
    Object.entries(plan.query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, asText(resolve(value, known.ours)).toWellFormed()]],
    ),
  ).toString();
  const headers = Object.entries(plan.headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, asText(resolve(value, known.ours))]],
  );
  const made = repeatPath(resolve(plan.body, known.ours), plan.repeatsPath ? path : {});
  const spoil = operation.bodySchema === undefined && plan.spoiled?.how === 'missing' ? undefined : plan.spoiled;
  const { body, contentType } = spoil === undefined ? asJson(made) : spoilings[spoil.how].spoil(made, spoil.nth);
  const isTaken = operation.bodySchema === undefined || plan.method !== undefined || (spoil?.how === 'too long' && operation.takesLong);
  const isSpoiled = spoil !== undefined && spoilings[spoil.how].mustFail && !isTaken;
  const otherOrg = 'org' in path && path['org'] !== known.org ? 'another organisation' : undefined;
  return {
    method: plan.method ?? operation.method,
    url: `${withSlashes(url, plan.slashes)}${query === '' ? '' : `?${query}`}`,
    headers: {
      ...Object.fromEntries(headers),
      ...(contentType === undefined || body === undefined ? {} : { 'content-type': contentType }),
    },
    body,
    path,
    mustFail: otherOrg ?? (foreign === undefined ? undefined : "another organisation's id") ?? (isSpoiled ? plan.spoiled?.how : undefined),
  };
}

const asText = (value: unknown): string => (typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));

/** A client makes another path of them before anything is sent, and an empty one is another address. */
const withoutDots = (text: string): string => (/^\.{0,2}$/.test(text) ? 'a' : text);
const encodeSegment = (text: string): string => encodeURIComponent(text.toWellFormed());

function withSlashes(url: string, slashes: Plan['slashes']): string {
  if (slashes === 'trailing') return `${url}/`;
  return slashes === 'doubled' ? url.replace(/\/(?=[^/]*$)/, '//') : url;
}

function repeatPath(body: unknown, path: Readonly<Record<string, string>>): unknown {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, typeof value === 'string' ? (path[name] ?? value) : value]));
}
