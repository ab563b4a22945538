/** Every administrative call of the API, with who may make it: the authorization table's columns “Settings/rules” and “Read audit”. */
import type { Scope } from '../../src/domain/scope.ts';
import { parseEmail } from '../../src/domain/ids.ts';
import { must, org } from './http-app.ts';
import { call, type Table } from './authorization-table.ts';

type Roles = readonly ('owner' | 'manager' | 'viewer')[];
const owners: Roles = ['owner'];
const editors: Roles = ['owner', 'manager'];
const readers: Roles = ['owner', 'manager', 'viewer'];

export type AdminOperation = {
  /** As the OpenAPI document names it. */
  readonly id: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly may: Roles;
  readonly scopes: readonly Scope[];
  readonly body?: object | ((table: Table) => Promise<object>);
  /** Makes what it is about, and says what stands for `:it` in the path. */
  readonly before?: (table: Table) => Promise<string>;
};

const policy = (name: string) => ({
  name,
  requestor: { type: 'any' },
  resource: { type: 'integration', service: 'none-such' },
  approval: [{ type: 'p0' }],
});

let made = 0;
/** As Olga, who may. */
async function make(table: Table, path: string, body: object): Promise<Record<string, unknown>> {
  const { status, json } = await call(table.app, 'olga', 'POST', path, body);
  if (status !== 201 || json === null || typeof json !== 'object') throw new Error(`could not make ${path}: ${status}`);
  return { ...json };
}
const aPolicy = async (table: Table): Promise<string> => {
  const name = `rule-${made++}`;
  await make(table, `/policy/name/${name}`, policy(name));
  return name;
};
const newName = async (): Promise<string> => `rule-${made++}`;
const aLinkedAccount = async (table: Table): Promise<string> => {
  const email = must(parseEmail(`linked-${made++}@example.com`));
  const linked = await table.world.useCases.linkAccount(org, { provider: 'slack', workspace: 'T0LINKED1', user: `U${made}`, email });
  if ('why' in linked) throw new Error(linked.why);
  return email;
};
const hook = { url: 'https://127.0.0.1:9/hook', events: ['policy.*'] };
const noWebhooks = async (table: Table): Promise<string> => {
  // There may be only so many, and one answer is as good as the next.
  await table.world.pool.query('delete from webhooks');
  return '';
};
const aWebhook = async (table: Table): Promise<string> => {
  await noWebhooks(table);
  return String((await make(table, '/webhooks', hook))['id']);
};
const key = { name: 'a key', owner: 'bob@example.com', scopes: ['keys'] };
const aKey = async (table: Table): Promise<string> => String((await make(table, '/api-keys', key))['id']);
const anEvent = async (table: Table): Promise<object> => {
  await table.world.work.seal();
  return { from: 1 };
};
const theVersion = async (table: Table): Promise<string> => {
  const found = await table.world.useCases.policies.document(table.by('olga'));
  if (!found.ok) throw new Error(found.rejection.code);
  return found.value.version;
};
const theDocument = async (table: Table): Promise<object> => {
  const found = await table.world.useCases.policies.document(table.by('olga'));
  if (!found.ok) throw new Error(found.rejection.code);
  return { workflow: { rules: [...found.value.rules, policy(`rule-${made++}`)] }, currentVersion: found.value.version };
};

const settings: readonly Omit<AdminOperation, 'scopes'>[] = [
  { id: 'readSettings', method: 'GET', path: '/settings', may: readers },
  { id: 'addExpiryOption', method: 'POST', path: '/settings/expiry-options', may: owners, body: { time: 7, unit: 'm' } },
  { id: 'removeExpiryOption', method: 'DELETE', path: '/settings/expiry-options/7m', may: owners },
  { id: 'resetExpiryOptions', method: 'POST', path: '/settings/expiry-options/_reset', may: owners, body: {} },
  {
    id: 'setDefaultApprovals',
    method: 'PUT',
    path: '/settings/default-approvals',
    may: owners,
    body: { allowOneParty: true, requireReason: true },
  },
  ...(
    [
      ['setApprovableDuration', 'approvable-duration'],
      ['setMaxAccessDuration', 'max-access-duration'],
      ['setStandingAccessDuration', 'standing-access-duration'],
    ] as const
  ).map(([id, name]) => ({ id, method: 'PUT' as const, path: `/settings/${name}`, may: owners, body: { time: 5, unit: 'd' } })),
  { id: 'listRoles', method: 'GET', path: '/settings/roles', may: readers },
  ...(['user', 'group'] as const).flatMap((kind) => {
    const path = `/settings/roles/viewer/bindings/${kind}s/${kind === 'user' ? 'someone@example.com' : 'others'}`;
    const noun = kind === 'user' ? 'User' : 'Group';
    return [
      { id: `bind${noun}`, method: 'PUT' as const, path, may: owners },
      { id: `unbind${noun}`, method: 'DELETE' as const, path, may: owners },
    ];
  }),
  { id: 'unlinkSlackAccount', method: 'DELETE', path: '/settings/slack-accounts/:it', may: owners, before: aLinkedAccount },
];

const named = (prefix: string, noun: string): readonly Omit<AdminOperation, 'scopes'>[] => [
  { id: `create${noun}`, method: 'POST', path: `${prefix}/name/:it`, may: owners, before: newName, body: policy('any') },
  { id: `read${noun}`, method: 'GET', path: `${prefix}/name/:it`, may: readers, before: aPolicy },
  { id: `update${noun}`, method: 'PUT', path: `${prefix}/name/:it`, may: owners, before: aPolicy, body: policy('any') },
  { id: `delete${noun}`, method: 'DELETE', path: `${prefix}/name/:it`, may: owners, before: aPolicy },
  { id: `latest${noun}`, method: 'GET', path: `${prefix}/latest`, may: readers },
];
const policies: readonly Omit<AdminOperation, 'scopes'>[] = [
  ...named('/policy', 'Policy'),
  ...named('/routing', 'RoutingRule'),
  { id: 'readRouting', method: 'GET', path: '/routing', may: readers },
  { id: 'readRoutingVersion', method: 'GET', path: '/routing/:it', may: readers, before: theVersion },
  { id: 'replaceRouting', method: 'POST', path: '/routing', may: owners, body: theDocument },
  { id: 'listPolicies', method: 'GET', path: '/policy', may: readers },
  { id: 'listPolicyHistory', method: 'GET', path: '/policy/history', may: readers },
  { id: 'listHistoryOfPolicy', method: 'GET', path: '/policy/name/:it/history', may: readers, before: aPolicy },
  { id: 'lintPolicies', method: 'GET', path: '/policy/lint', may: readers },
  // It is there for whoever writes rules or answers for them: looking is not enough.
  { id: 'lintGivenPolicies', method: 'POST', path: '/policy/lint', may: editors, body: { rules: [policy('any')] } },
  {
    id: 'simulatePolicy',
    method: 'POST',
    path: '/policy/simulate',
    may: readers,
    body: { requestor: 'bob@example.com', service: 'pg', accessType: 'role', resource: 'readonly' },
  },
];

const keys: readonly Omit<AdminOperation, 'scopes'>[] = [
  { id: 'createApiKey', method: 'POST', path: '/api-keys', may: owners, body: key },
  { id: 'listApiKeys', method: 'GET', path: '/api-keys', may: owners },
  { id: 'revokeApiKey', method: 'DELETE', path: '/api-keys/:it', may: owners, before: aKey },
];

const webhooks: readonly Omit<AdminOperation, 'scopes'>[] = [
  { id: 'createWebhook', method: 'POST', path: '/webhooks', may: owners, before: noWebhooks, body: hook },
  { id: 'listWebhooks', method: 'GET', path: '/webhooks', may: owners },
  { id: 'readWebhook', method: 'GET', path: '/webhooks/:it', may: owners, before: aWebhook },
  { id: 'changeWebhook', method: 'PUT', path: '/webhooks/:it', may: owners, before: aWebhook, body: { description: 'another' } },
  { id: 'rotateWebhookSecret', method: 'POST', path: '/webhooks/:it/rotate-secret', may: owners, before: aWebhook },
  { id: 'replayWebhook', method: 'POST', path: '/webhooks/:it/replay', may: owners, before: aWebhook, body: anEvent },
  { id: 'deleteWebhook', method: 'DELETE', path: '/webhooks/:it', may: owners, before: aWebhook },
];

const noSuchRight = { kind: 'right', integration: 'sample', accessType: 'role', resource: 'none-such' };
const aPanic = async (table: Table): Promise<string> =>
  String((await make(table, '/panics', { selection: noSuchRight, reason: 'a rehearsal' }))['id']);
const panics: readonly AdminOperation[] = [
  { id: 'listPanics', method: 'GET', path: '/panics', may: readers, scopes: ['requests:read'] },
  { id: 'readPanic', method: 'GET', path: '/panics/:it', may: readers, scopes: ['requests:read'], before: aPanic },
  // Who cannot press it need not know what it would do.
  { id: 'previewPanic', method: 'POST', path: '/panics/_preview', may: editors, scopes: ['requests:read'], body: noSuchRight },
  {
    id: 'startPanic',
    method: 'POST',
    path: '/panics',
    may: editors,
    scopes: ['requests:decide'],
    body: { selection: noSuchRight, reason: 'a rehearsal' },
  },
  { id: 'liftPanic', method: 'POST', path: '/panics/:it/lift', may: editors, scopes: ['requests:decide'], before: aPanic, body: {} },
];

const behind = (scope: Scope, all: readonly Omit<AdminOperation, 'scopes'>[]): AdminOperation[] =>
  all.map((each) => ({ ...each, scopes: [scope] }));

const reports: readonly AdminOperation[] = [
  { id: 'reportLateness', method: 'GET', path: '/reports/lateness', may: readers, scopes: ['audit:read'] },
];

export const adminOperations: readonly AdminOperation[] = [
  ...behind('settings', settings),
  ...behind('policies', policies),
  ...behind('keys', keys),
  ...panics,
  ...reports,
  // Whoever says where events go can read them.
  ...webhooks.map((each) => ({
    ...each,
    scopes: each.method === 'GET' || each.method === 'DELETE' ? (['settings'] as const) : (['settings', 'audit:read'] as const),
  })),
];

/** What is not administrative, or for everybody in part: in which test it is said who may. */
export const otherOperations: Readonly<Record<string, string>> = {
  readLiveness: 'http-edges',
  readReadiness: 'http-edges',
  readCliVersion: 'discovery',
  readOrganisation: 'discovery',
  dropTraces: 'discovery',
  readAccount: 'authorization-admin',
  runCommand: 'authorization-admin',
  runListCommand: 'http-command',
  pollCommand: 'poll-stream',
  followRequests: 'event-stream',
  listRequests: 'http-requests',
  readRequest: 'authorization',
  readReceipt: 'receipt',
  approveRequest: 'authorization',
  denyRequest: 'authorization',
  cancelRequest: 'authorization',
  extendRequest: 'authorization',
  escalateRequest: 'authorization',
  relinquishGrant: 'authorization',
  revokeGrant: 'authorization',
  narrowRequest: 'narrow',
  nudgeRequest: 'waiting',
  questionRequest: 'questions',
  answerQuestion: 'questions',
  takeAtOnce: 'http-break-glass',
  reviewBreakGlass: 'http-break-glass',
  listPreApprovals: 'authorization-admin',
  createPreApproval: 'authorization-admin',
  readPreApproval: 'authorization-admin',
  endPreApproval: 'authorization-admin',
  listStandingAccess: 'authorization-admin',
  readStandingAccess: 'authorization-admin',
  endStandingAccess: 'authorization-admin',
  keepStandingAccess: 'keep-standing',
  listAuditEvents: 'authorization-admin',
};

/** Makes what the call needs, then makes the call. */
export async function perform(table: Table, token: string | undefined, { method, path, body, before }: AdminOperation): Promise<number> {
  const it = before === undefined ? '' : await before(table);
  const given = typeof body === 'function' ? await body(table) : body;
  const sent = given !== undefined && 'requestor' in given && 'approval' in given ? { ...given, name: it } : given;
  return (await call(table.app, token, method, path.replace(':it', it), sent)).status;
}
