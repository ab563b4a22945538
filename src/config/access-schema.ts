import { z } from 'zod';
import { driftResponses } from '../domain/drift.ts';
import { parseDuration } from '../domain/duration.ts';
import { canonicalEmail, parseEmail, parseOrg } from '../domain/ids.ts';
import { scopes } from '../domain/scope.ts';
import { isPostgresUrl, isUrl, postgresForm } from './address.ts';
import { Secret } from './secret.ts';

export const quoted = (text: string): string => JSON.stringify(text.slice(0, 100));

const org = z.string().transform((text, context) => {
  const parsed = parseOrg(text);
  if (parsed !== undefined) return parsed;
  context.addIssue(`${quoted(text)} is no name for an organisation: use lower-case letters, digits and hyphens, such as "acme"`);
  return z.NEVER;
});

const email = z.string().transform((text, context) => {
  const parsed = parseEmail(text);
  if (parsed !== undefined) return canonicalEmail(parsed);
  context.addIssue(`${quoted(text)} is not an e-mail address`);
  return z.NEVER;
});
const people = z.array(email).transform((list) => [...new Set(list)]);

const word = (pattern: RegExp, what: string) =>
  z.string().regex(pattern, { error: (issue) => `${quoted(String(issue.input))} is not ${what}` });
const name = word(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'a name of lower-case letters, digits, hyphens and underscores');
const channel = word(/^#?[\p{L}\p{N}_-]{1,80}$/u, 'the name of a Slack channel');
const command = word(/^\/[a-z0-9_-]{1,31}$/, 'a slash command such as "/access"');
const groupId = word(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$/, 'an id of letters, digits, dots, hyphens and underscores');
const label = z.string().trim().min(1).max(100);

const duration = z.string().transform((text, context) => {
  const parsed = parseDuration(text);
  if (parsed !== undefined) return parsed;
  context.addIssue(`${quoted(text)} is not a duration such as "30m"`);
  return z.NEVER;
});

/** The values that a list holds more than once. */
export const repeated = (list: readonly string[]): string[] => [...new Set(list.filter((each, index) => list.indexOf(each) !== index))];

const postgresUrl = z
  .string()
  // What is still a reference has been reported, or gets its value later.
  .refine((text) => text.includes('${') || isPostgresUrl(text), `must be an address such as ${postgresForm}`)
  .transform((text) => new Secret(text));

const roleName = z.string().refine((text) => text.isWellFormed() && !text.includes('\0') && text !== '' && Buffer.byteLength(text) <= 63, {
  error: 'a role is named with 1 to 63 bytes',
});

/** Literal characters of a login, and the two parts of an address that it may hold. */
const login = word(
  /^(?:[a-z0-9_.-]|\{local\}|\{domain\})*\{local\}(?:[a-z0-9_.-]|\{local\}|\{domain\})*$/,
  'a login such as "{local}" or "{local}_{domain}"',
);

const pg = z
  .strictObject({
    service: z.literal('pg'),
    name,
    url: postgresUrl,
    roles: z
      .array(roleName)
      .min(1)
      .superRefine((list, context) => {
        for (const twice of repeated(list)) context.addIssue(`two roles are called ${quoted(twice)}`);
      }),
    narrower: z.record(roleName, z.array(roleName)).default({}),
    user: login,
    createLogins: z.boolean().default(true),
    drift: z.literal(driftResponses, { error: `must be one of ${driftResponses.join(', ')}` }).default('alert'),
    driftEvery: duration.refine((every) => every >= 30 && every <= 86_400, 'must be from 30s to 1d').prefault('5m'),
  })
  .superRefine(({ roles, narrower }, context) => {
    for (const [role, less] of Object.entries(narrower))
      for (const each of [role, ...less])
        if (!roles.includes(each))
          context.addIssue({ code: 'custom', path: ['narrower'], message: `${quoted(each)} is none of its roles` });
    for (const [role, less] of Object.entries(narrower))
      if (less.includes(role)) context.addIssue({ code: 'custom', path: ['narrower'], message: `${quoted(role)} is not less than itself` });
  });

const directories = ['local', 'azure-ad', 'entra-id', 'okta', 'workspace'] as const;
const group = z.strictObject({
  directory: z.literal(directories, { error: `must be one of ${directories.join(', ')}` }).default('local'),
  id: groupId,
  label,
  members: people,
});
/** Policies are not in this file, so a name that none of them has is no error. */
const policyName = z.string().min(1, 'must be the name of a policy').max(200, 'must be the name of a policy');
const slack = z.strictObject({
  approvals: channel.default('approvals'),
  channels: z.record(policyName, channel).default({}),
  command: command.default('/access'),
  linkByEmail: z.boolean().default(true),
});

const host = word(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?(?::[1-9][0-9]{0,4})?$/, 'a host such as "login.example.com"');
const token = word(/^[A-Za-z0-9._~-]{1,200}$/, 'an id of letters, digits and ._~-');
const cliLogin = z
  .strictObject({
    provider: z.literal(['okta', 'ping'], { error: 'must be okta or ping' }),
    domain: host,
    clientId: token,
    environmentId: token.optional(),
  })
  .refine((login) => (login.provider === 'ping') === (login.environmentId !== undefined), {
    path: ['environmentId'],
    error: 'is needed for ping, and for nothing else',
  });

const signIn = z.strictObject({
  issuer: z
    .string()
    .refine(
      (text) => isUrl(text, ['https:']) && !/[?#@]/.test(text),
      'must be the https address by which the provider calls itself, without a query',
    ),
  clientId: token,
  clientSecret: z
    .string()
    .regex(/^[\x21-\x7e]{1,500}$/, 'must be a secret without spaces')
    .transform((text) => new Secret(text)),
});

const claim = z.string().trim().min(1).max(200);
/** Signatures with a key that only the issuer has; a shared secret would let us make its tokens. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'] as const;
const issuer = z.strictObject({
  issuer: z.string().refine((text) => isUrl(text, ['https:', 'http:']), 'must be the address by which the issuer calls itself'),
  audience: claim,
  jwks: z.string().refine((text) => isUrl(text, ['https:']), 'must be an https address'),
  algorithm: z.literal(algorithms, { error: `must be one of ${algorithms.join(', ')}` }),
  principal: claim.default('email'),
  scopes: z
    .array(z.literal(scopes, { error: `must be one of ${scopes.join(', ')}` }))
    .min(1)
    .transform((list) => [...new Set(list)]),
});

const receiver = word(
  /^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/,
  'a host such as "hooks.internal.example", in lower case and without a port',
);
const webhooks = z.strictObject({ allowHosts: z.array(receiver).transform((list) => [...new Set(list)]) });

/** Their values are secrets, so no message repeats them. */
const apiToken = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'must be a token without spaces')
  .transform((text) => new Secret(text));
const routingKey = z
  .string()
  .regex(/^[A-Za-z0-9]{32}$/, 'must be a routing key: 32 letters and digits')
  .transform((text) => new Secret(text));
const apiUrl = (fallback: string) =>
  z
    .string()
    .refine((text) => isUrl(text, ['https:']) && !/[@?#]/.test(text), 'must be an https address such as https://api.eu.pagerduty.com')
    .transform((text) => text.replace(/\/+$/, ''))
    .default(fallback);
const serviceId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/);
const pagerduty = z.strictObject({
  token: apiToken,
  routingKeys: z.record(serviceId, routingKey).default({}),
  url: apiUrl('https://api.pagerduty.com'),
  eventsUrl: apiUrl('https://events.pagerduty.com'),
});
const onCall = z.strictObject({ pagerduty, escalateAfter: duration.optional() });

export const services = ['pg'] as const;

/** `curfew.yaml`, after its references were resolved. */
export const accessFile = z.strictObject({
  org,
  owners: people.refine((list) => list.length > 0, 'must name somebody'),
  reviewers: people.default([]),
  slack: slack.prefault({}),
  groups: z.array(group).default([]),
  integrations: z.array(z.discriminatedUnion('service', [pg])).default([]),
  login: cliLogin.optional(),
  signIn: signIn.optional(),
  issuers: z.array(issuer).optional(),
  webhooks: webhooks.optional(),
  onCall: onCall.optional(),
});

/** The keys of each object, by its path with the positions left out. */
export const knownKeys: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(accessFile.shape),
  slack: Object.keys(slack.shape),
  login: Object.keys(cliLogin.shape),
  signIn: Object.keys(signIn.shape),
  'issuers[]': Object.keys(issuer.shape),
  webhooks: Object.keys(webhooks.shape),
  onCall: Object.keys(onCall.shape),
  'onCall.pagerduty': Object.keys(pagerduty.shape),
  'groups[]': Object.keys(group.shape),
  'integrations[]': Object.keys(pg.shape),
};
