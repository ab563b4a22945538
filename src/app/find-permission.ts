import type { AskedRight } from '../domain/command.ts';
import type { Permission } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import type { Integration, Integrations } from './ports.ts';

/** Looks up what was typed among what the integrations offer. A refusal says what would have been right. */
export function findPermission(
  integrations: Integrations,
  asked: AskedRight,
): Result<{ permission: Permission; integration: Integration }> {
  const offering = integrations.all().filter((integration) => integration.service === asked.service);
  if (offering.length === 0)
    return reject({ code: 'unknown-service', service: asked.service, known: distinct(integrations.all().map((each) => each.service)) });
  const named = asked.integration === undefined ? offering : offering.filter((integration) => integration.name === asked.integration);
  const [integration, another] = named;
  if (integration === undefined || another !== undefined)
    return reject({ code: 'ambiguous-integration', service: asked.service, names: offering.map((each) => each.name) });
  const { service, accessType, resource } = asked;
  const catalog = integration.catalog();
  const ofType = catalog.filter((item) => item.accessType === accessType);
  if (ofType.length === 0)
    return reject({ code: 'unknown-access-type', service, accessType, known: distinct(catalog.map((item) => item.accessType)) });
  if (!ofType.some((item) => item.resource === resource))
    return reject({ code: 'unknown-resource', accessType, resource, known: ofType.map((item) => item.resource) });
  return accept({ permission: { integration: integration.name, service, accessType, resource }, integration });
}

const distinct = (words: readonly string[]): string[] => [...new Set(words)];
