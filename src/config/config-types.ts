import type { DriftResponse } from '../domain/drift.ts';
import type { DurationSeconds } from '../domain/duration.ts';
import type { Email, Org } from '../domain/ids.ts';
import type { Scope } from '../domain/scope.ts';
import type { Secret } from './secret.ts';

/** The OIDC provider whose device flow the `p0` command uses to log in. */
export type LoginConfig = {
  readonly provider: 'okta' | 'ping';
  /** Its host, with a port where that is not 443. */
  readonly domain: string;
  readonly clientId: string;
  /** Ping only. */
  readonly environmentId?: string | undefined;
};

/** The OpenID provider that people sign in with in a browser, and the client that it knows us as. */
export type SignInConfig = {
  /** The `iss` of its tokens, to the letter. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
};

/** An issuer whose JWTs are taken as bearer tokens. */
export type IssuerConfig = {
  /** The `iss` of its tokens, to the letter. */
  readonly issuer: string;
  readonly audience: string;
  /** The https address of its public keys. */
  readonly jwks: string;
  readonly algorithm: string;
  /** The claim that holds the person's e-mail address. */
  readonly principal: string;
  readonly scopes: readonly Scope[];
};

/** `directory`: the one by whose name policies and role bindings speak of it. */
export type GroupConfig = {
  readonly directory: 'local' | 'azure-ad' | 'entra-id' | 'okta' | 'workspace';
  readonly id: string;
  readonly label: string;
  readonly members: readonly Email[];
};

/** One target, by `service`. */
export type IntegrationConfig = {
  readonly service: 'pg';
  readonly name: string;
  /** An administrator's, to the database whose roles are granted. */
  readonly url: Secret;
  readonly roles: readonly string[];
  /** For a role those that give less; approvers may choose one of them. */
  readonly narrower: Readonly<Record<string, readonly string[]>>;
  /** How a person's login is called, with `{local}` and `{domain}` of the address. */
  readonly user: string;
  readonly createLogins: boolean;
  /** What is done where somebody has changed something there, and how often it is looked at for that. */
  readonly drift: DriftResponse;
  readonly driftEvery: DurationSeconds;
};

export type PagerDutyConfig = {
  readonly token: Secret;
  /** By service. */
  readonly routingKeys: Readonly<Record<string, Secret>>;
  /** Both without a slash at their end. */
  readonly url: string;
  readonly eventsUrl: string;
};

/** What `curfew.yaml` says. */
export type AccessConfig = {
  readonly org: Org;
  readonly owners: readonly Email[];
  readonly reviewers: readonly Email[];
  /** Without `#`. `byPolicy`: where the approvers of single policies are asked instead. */
  readonly slackChannels: { readonly approvals: string; readonly byPolicy: ReadonlyMap<string, string> };
  /** The slash command. */
  readonly command: string;
  /** The workspace vouches for its members' addresses: an account is linked to the person of its address. */
  readonly linkByEmail: boolean;
  readonly groups: readonly GroupConfig[];
  readonly integrations: readonly IntegrationConfig[];
  readonly login?: LoginConfig | undefined;
  readonly signIn?: SignInConfig | undefined;
  readonly issuers?: readonly IssuerConfig[] | undefined;
  /** Hosts that webhooks may call although they are not on the public Internet, and without TLS. */
  readonly webhooks?: { readonly allowHosts: readonly string[] } | undefined;
  /** `escalateAfter`: how long a request waits before whoever is on call for it is told without being asked for. */
  readonly onCall?: { readonly pagerduty: PagerDutyConfig; readonly escalateAfter?: DurationSeconds | undefined } | undefined;
};

export type DatabaseChoice = { readonly kind: 'embedded'; readonly dataDir: string } | { readonly kind: 'url'; readonly url: Secret };

/** `postgres`: on the application's own database. */
export type QueueChoice = { readonly kind: 'postgres' } | { readonly kind: 'redis'; readonly url: Secret };

export type SlackChoice =
  | { readonly kind: 'local' }
  | { readonly kind: 'socket'; readonly botToken: BotTokenChoice; readonly appToken: Secret; readonly apiUrl: string | undefined }
  | { readonly kind: 'http'; readonly botToken: BotTokenChoice; readonly signingSecret: Secret; readonly apiUrl: string | undefined };

/** One that lasts, or what it takes to have a new one every few hours. */
export type BotTokenChoice = Secret | { readonly refreshToken: Secret; readonly clientId: string; readonly clientSecret: Secret };

export const roles = ['web', 'worker'] as const;
export type Role = (typeof roles)[number];

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

export type ServerConfig = {
  readonly roles: ReadonlySet<Role>;
  /** 0 for any. */
  readonly port: number;
  readonly host: string;
  readonly logLevel: LogLevel;
  /** Without a slash at its end. Undefined: where the server really listens. */
  readonly publicUrl: string | undefined;
};

export type Config = AccessConfig &
  ServerConfig & {
    readonly database: DatabaseChoice;
    readonly queue: QueueChoice;
    readonly slack: SlackChoice;
    readonly bootstrapKey: Secret | undefined;
    /** Undefined: there is no `/metrics`. */
    readonly metricsToken: Secret | undefined;
    /** 32 bytes; prints as redacted. */
    readonly secretKey: Buffer;
    readonly dataDir: string;
    /** The sample configuration is used, because CURFEW_CONFIG names no other. */
    readonly isSample: boolean;
    /** An integration waits for the address of the embedded sample database: see `withSampleUrl`. */
    readonly wantsSampleDatabase: boolean;
  };
