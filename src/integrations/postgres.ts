import pg from 'pg';
import type { Integration, Removal, TargetRight } from '../app/ports.ts';
import type { DriftResponse } from '../domain/drift.ts';
import type { DurationSeconds } from '../domain/duration.ts';
import type { Observed } from '../domain/right.ts';
import { accountName, isAccountTemplate, isSafeAccountName } from './account-name.ts';
import { callPostgres, startCall } from './postgres-call.ts';
import { grantRole, Present } from './postgres-grant.ts';
import { isNameable, sameMembership, toMembership } from './postgres-membership.ts';
import { removeRights } from './postgres-removal.ts';
import { observeProgram } from './postgres-sql.ts';
import { listTagged, removeTagged } from './postgres-tagged.ts';
import { type Target, usageOf } from './postgres-usage.ts';

export type PostgresConfig = {
  readonly name: string;
  /** Of an administrator, to the database whose roles are granted. */
  readonly url: string;
  /** The roles that can be asked for, and no others are granted. */
  readonly roles: readonly string[];
  /** For a role those of `roles` that give less; approvers may choose one of them. */
  readonly narrower?: Readonly<Record<string, readonly string[]>>;
  /** How a person's login is called: `{local}`, `{local}_{domain}`. */
  readonly user: string;
  /** May logins be made, and dropped again? */
  readonly createLogins: boolean;
  readonly drift: DriftResponse;
  readonly driftEvery: DurationSeconds;
  readonly org: string;
};

const accessType = 'role';
const connectTimeoutMs = 5_000;
/** Names that PostgreSQL keeps for itself, or that are an administrator's nearly everywhere. */
const reserved: ReadonlySet<string> = new Set(['postgres', 'public', 'none']);

/**
 * Membership in roles of a PostgreSQL (14 and later), for logins that exist or are made for the time of the access.
 * Connects when first called. Removals have connections of their own, so that nothing holds them up (I16).
 * @throws for a configuration that cannot work
 */
export function createPostgresIntegration(config: PostgresConfig): Integration {
  const target = readTarget(config);
  const tag = `curfew:${config.org}/${config.name}`;
  const forAdding = openPool(config, 4);
  const forRemoving = openPool(config, 2);
  const forOrphans = openPool(config, 1);
  const mark = { tag, roles: config.roles, accessType };
  const isTaken = (name: string) => name.startsWith('pg_') || reserved.has(name) || name === target.user || config.roles.includes(name);
  const problemOf = (right: TargetRight): string | undefined => {
    if (right.accessType !== accessType || !config.roles.includes(right.resource)) return 'the role is not one that may be granted';
    if (!isSafeAccountName(right.account) || isTaken(right.account)) return 'the account cannot be given access';
    return undefined;
  };

  return {
    name: config.name,
    service: 'pg',
    watch: { everySeconds: config.driftEvery, response: config.drift },
    capabilities: { targetSideExpiry: config.createLogins, endsSessions: true, wantsPassword: config.createLogins },
    catalog: () => config.roles.map((role) => ({ accessType, resource: role, label: `${role} on ${config.name}` })),
    narrower: ({ resource }) => (Object.hasOwn(config.narrower ?? {}, resource) ? (config.narrower?.[resource] ?? []) : []),
    accountOf: (principal) => accountName(config.user, principal, isTaken),
    usage: (right) => usageOf(target, right.account),
    observe: async (rights, signal) => observeRights(forAdding, rights, signal),
    async ensurePresent(right, options, signal) {
      const problem = problemOf(right);
      if (problem !== undefined) return { result: { kind: 'refused', permanent: true, why: problem }, passwordSet: false };
      return grantRole(forAdding, right, options, { tag, createLogins: config.createLogins }, signal);
    },
    async ensureAbsent(rights, signal) {
      // Roles that are no longer configured are removed as well.
      const asked = rights.filter((right) => answerUnasked(right, target.user) === undefined);
      const removed = await removeRights(forRemoving, asked, tag, signal);
      return rights.map((right) => {
        const removal = removed.get(right) ?? answerUnasked(right, target.user);
        if (!removal) throw new Error('a right was left without an answer');
        return removal;
      });
    },
    tagged: {
      async list(signal) {
        const listed = await listTagged(forOrphans, mark, signal);
        // Our own login is never closed, whatever its comment says.
        return listed === 'unknown' ? listed : listed.filter(({ right }) => right.account !== target.user);
      },
      remove: (rights, signal) => removeTagged(forOrphans, rights, mark, signal),
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([forAdding.end(), forRemoving.end(), forOrphans.end()]);
    },
  };
}

/** What needs no call: a name that cannot exist is absent, and our own login is never closed. */
function answerUnasked(right: TargetRight, ownLogin: string): Removal | undefined {
  if (!isNameable(right.account) || !isNameable(right.resource))
    return { result: { kind: 'observed', observed: 'absent' }, sessionsEnded: 0, accountGone: true };
  if (right.account !== ownLogin) return undefined;
  return {
    result: { kind: 'refused', permanent: true, why: 'the account is the one that we work with' },
    sessionsEnded: 0,
    accountGone: false,
  };
}

async function observeRights(pool: pg.Pool, rights: readonly TargetRight[], signal: AbortSignal): Promise<readonly Observed[]> {
  const asked = rights.map(toMembership).filter(({ account, role }) => isNameable(account) && isNameable(role));
  const outcome = await callPostgres(pool, startCall(signal), async (call) => call.run(observeProgram, { rights: asked }, Present));
  return rights.map((right) => {
    if ('failed' in outcome) return 'unknown';
    return outcome.answer.present.some((other) => sameMembership(other, toMembership(right))) ? 'present' : 'absent';
  });
}

function openPool(config: PostgresConfig, max: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: config.url,
    max,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'curfew',
  });
  // An idle connection that breaks: the pool has dropped it already, and nobody waits for an answer.
  pool.on('error', () => undefined);
  return pool;
}

/** What the connection string means to the driver, read by the driver itself. */
function readTarget(config: PostgresConfig): Target {
  const where = `integration "${config.name}"`;
  if (!isAccountTemplate(config.user)) throw new Error(`${where}: "user" must be a template with {local}, such as {local}_{domain}`);
  const unusable = config.roles.find((role) => !isNameable(role) || role === 'public' || role === 'none');
  if (unusable !== undefined) throw new Error(`${where}: "${unusable}" cannot be the name of a role`);
  try {
    const { host, port, database, user } = new pg.Client({ connectionString: config.url });
    return { host, port, database: database ?? user ?? '', user: user ?? '' };
  } catch {
    // Not passed on: the driver's error shows the string, which holds a password.
    throw new Error(`${where}: "url" is not a PostgreSQL connection string`);
  }
}
