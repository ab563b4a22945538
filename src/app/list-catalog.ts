import type { Command } from '../domain/command.ts';
import { parseEmail } from '../domain/ids.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { whyNotInRole } from './authority.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Caller } from './ports.ts';
import type { Reply } from './use-cases.ts';

const defaultSize = 30;
const largestSize = 1000;

type Item = { readonly key: string; readonly value: string; readonly group: string | undefined; readonly isPreexisting: boolean };

/** What can be asked for: services, then a service's access types, then the resources of one type. */
export async function listCatalog(deps: DecideDeps, caller: Caller, command: Command & { kind: 'ls' }): Promise<Result<Reply>> {
  const person = await whoseAccess(deps, caller, command);
  if (!person.ok) return person;
  const { service, accessType } = command;
  const offering = deps.integrations.all().filter((integration) => service === undefined || integration.service === service);
  if (service !== undefined && offering.length === 0)
    return reject({ code: 'unknown-service', service, known: distinct(deps.integrations.all().map((each) => each.service)) });
  if (service === undefined) return accept(page(command, 'service', distinct(offering.map((each) => each.service)).map(plain)));
  const items = offering.flatMap((integration) => integration.catalog().map((item) => ({ ...item, integration: integration.name })));
  const types = distinct(items.map((item) => item.accessType));
  if (accessType === undefined) return accept(page(command, 'access type', types.map(plain)));
  if (!types.includes(accessType)) return reject({ code: 'unknown-access-type', service, accessType, known: types });
  return accept(
    page(
      command,
      accessType,
      items
        .filter((item) => item.accessType === accessType)
        .map((item) => ({
          key: item.resource,
          value: item.label,
          group: offering.length > 1 ? item.integration : undefined,
          isPreexisting: person.value.has(`${item.integration} ${accessType} ${item.resource}`),
        })),
    ),
  );
}

/** The rights somebody has now; only owners and security reviewers may ask about others. */
async function whoseAccess(deps: DecideDeps, caller: Caller, command: Command & { kind: 'ls' }): Promise<Result<ReadonlySet<string>>> {
  const about = command.principal === undefined ? caller.person.email : parseEmail(command.principal);
  if (about === undefined) return reject({ code: 'invalid-principal', given: command.principal ?? '' });
  const { store } = deps;
  const isOthers = command.all || about !== caller.person.email;
  const refusal = isOthers ? await whyNotInRole(deps.routing, store, caller, ['owner', 'manager', 'viewer']) : undefined;
  if (refusal !== undefined) return reject(refusal);
  const person = about === caller.person.email ? caller.person : await store.knownPerson(caller.org, about);
  if (person === undefined) return accept(new Set());
  const access = await store.requests(caller.org, { kind: 'access', person: person.id }, largestSize);
  return accept(
    new Set(
      access
        .filter((request) => request.state.kind === 'approved' && request.state.grant.state.kind === 'active')
        .map(({ permission }) => `${permission.integration} ${permission.accessType} ${permission.resource}`),
    ),
  );
}

/** `--like` wants every term, split at whatever is no letter or digit, somewhere in the item. */
function page(command: Command & { kind: 'ls' }, arg: string, items: readonly Item[]): Reply {
  const terms = (command.like ?? '')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((term) => term !== '');
  const matching = items.filter((item) => {
    const text = `${item.key} ${item.value} ${item.group ?? ''}`.toLowerCase();
    return terms.every((term) => text.includes(term));
  });
  const size = Math.min(command.size ?? defaultSize, largestSize);
  return { kind: 'list', arg, term: command.like ?? '', isTruncated: matching.length > size, items: matching.slice(0, size) };
}

const plain = (word: string): Item => ({ key: word, value: word, group: undefined, isPreexisting: false });
const distinct = (words: readonly string[]): string[] => [...new Set(words)];
