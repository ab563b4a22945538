import type { Integration, Integrations } from '../app/ports.ts';
import type { Org } from '../domain/ids.ts';
import { createPostgresIntegration, type PostgresConfig } from './postgres.ts';

/** One entry of the configuration's `integrations`, checked. */
export type IntegrationConfig = { readonly service: 'pg' } & Omit<PostgresConfig, 'org'>;

/** Every service that we can grant on. */
const factories: {
  readonly [S in IntegrationConfig['service']]: (config: Extract<IntegrationConfig, { service: S }>, org: Org) => Integration;
} = {
  pg: (config, org) => createPostgresIntegration({ ...config, org }),
};

/**
 * All configured targets; none is connected to before its first call.
 * @throws where two have one name, or one cannot work
 */
export function createIntegrations(configs: readonly IntegrationConfig[], org: Org): Integrations & AsyncDisposable {
  const byName = new Map<string, Integration>();
  for (const config of configs) {
    if (byName.has(config.name)) throw new Error(`two integrations are named "${config.name}"`);
    byName.set(config.name, factories[config.service](config, org));
  }
  return {
    byName: (name) => byName.get(name),
    all: () => [...byName.values()],
    async [Symbol.asyncDispose]() {
      await Promise.all([...byName.values()].map(async (integration) => integration[Symbol.asyncDispose]()));
    },
  };
}
