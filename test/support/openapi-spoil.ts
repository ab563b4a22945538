import { rubbishTexts } from './openapi-arbitrary.ts';

/** A body ready to be sent; undefined is none. */
export type Payload = { readonly body: string | Buffer | undefined; readonly contentType: string | undefined };

const json = 'application/json';

/** Every way to send another body than the document asks for. `mustFail`: no operation that reads a body may take it. */
export const spoilings = {
  'wrong type': { mustFail: false, spoil: (value, nth) => asJson(change(value, nth, () => wrongTypes[nth % wrongTypes.length])) },
  rubbish: { mustFail: false, spoil: (value, nth) => asJson(change(value, nth, () => rubbishTexts[nth % rubbishTexts.length])) },
  missing: { mustFail: false, spoil: (value, nth) => asJson(change(value, nth, () => undefined)) },
  extra: { mustFail: false, spoil: (value, nth) => asJson(merge(value, { [extraNames[nth % extraNames.length] ?? '']: nth })) },
  'no body': { mustFail: false, spoil: () => ({ body: undefined, contentType: undefined }) },
  'empty body': { mustFail: false, spoil: () => ({ body: '', contentType: json }) },
  'not an object': { mustFail: false, spoil: (_, nth) => asJson([null, [], 'text', 7, true][nth % 5]) },
  'repeated name': { mustFail: true, spoil: (value) => raw(`{"reason":"a",${textOf(value).slice(1, -1) || '"b":1'},"reason":"b"}`) },
  'prototype name': { mustFail: true, spoil: (value) => raw(`{"__proto__":{"isOwner":true},${textOf(value).slice(1, -1) || '"b":1'}}`) },
  deep: { mustFail: true, spoil: (_, nth) => raw(`${'{"a":['.repeat(30 + nth)}${']}'.repeat(30 + nth)}`) },
  'huge number': { mustFail: false, spoil: (value, nth) => raw(textOf(change(value, nth, () => 'HUGE')).replaceAll('"HUGE"', '1e400')) },
  'too long': { mustFail: true, spoil: (value) => asJson(merge(value, { padding: 'x'.repeat(70_000) })) },
  'broken JSON': { mustFail: true, spoil: (value, nth) => raw(`${textOf(value).slice(0, -1)}${['', ',}', ']', '}}', '}\0'][nth % 5]}`) },
  'not UTF-8': {
    mustFail: true,
    spoil: (value) => ({ body: Buffer.concat([Buffer.from(textOf(value)), Buffer.from([0xff])]), contentType: json }),
  },
  'escaped half': {
    mustFail: false,
    spoil: (value, nth) => raw(textOf(change(value, nth, () => 'HALF')).replaceAll('"HALF"', '"\\ud800"')),
  },
  'escaped NUL': {
    mustFail: false,
    spoil: (value, nth) => raw(textOf(change(value, nth, () => 'NUL')).replaceAll('"NUL"', '"a\\u0000b"')),
  },
  'wrong content type': {
    mustFail: true,
    spoil: (value, nth) => ({ body: textOf(value), contentType: contentTypes[nth % contentTypes.length] }),
  },
} as const satisfies Record<string, { mustFail: boolean; spoil: (value: unknown, nth: number) => Payload }>;
export type Spoiling = keyof typeof spoilings;

const wrongTypes: readonly unknown[] = [null, 0, -1, 1.5, 1e21, false, '', [], [[]], {}, { toString: 1 }, ['x'], 'x'.repeat(5_000)];
const extraNames = ['extra', 'constructor', 'toString', 'hasOwnProperty', '', 'id', 'org', '$where', 'then'];
const contentTypes = [
  'text/plain',
  'application/xml',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=a',
  'nonsense',
  'application/json5',
];

const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? JSON.stringify(value) : '{}';
const raw = (body: string): Payload => ({ body, contentType: json });
export const asJson = (value: unknown): Payload => ({ body: value === undefined ? undefined : JSON.stringify(value), contentType: json });
const merge = (value: unknown, more: object): object => ({ ...(typeof value === 'object' && !Array.isArray(value) ? value : {}), ...more });

/** The value with one of its parts replaced, or taken out where the replacement is undefined. The nth of all, itself not counted. */
function change(value: unknown, nth: number, replacement: () => unknown): unknown {
  const places = countParts(value);
  let left = places === 0 ? -1 : nth % places;
  const walk = (part: unknown): unknown => {
    if (typeof part !== 'object' || part === null) return part;
    const step = (member: unknown): unknown => (left-- === 0 ? replacement() : walk(member));
    return Array.isArray(part) ? part.map(step) : Object.fromEntries(Object.entries(part).map(([name, member]) => [name, step(member)]));
  };
  return walk(value);
}

const countParts = (value: unknown): number =>
  typeof value !== 'object' || value === null ? 0 : Object.values(value).reduce<number>((sum, member) => sum + 1 + countParts(member), 0);
