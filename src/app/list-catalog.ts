import type { Command } from '../domain/command.ts';
import { parseEmail } from '../domain/ids.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Caller } from './ports.ts';
import { type About, type CatalogEntry, showCatalog } from './shown-catalog.ts';
import type { Reply } from './use-cases.ts';

const defaultSize = 30;
const largestSize = 1000;

type Listing = Command & { kind: 'ls' };
type Item = { readonly key: string; readonly value: string; readonly group: string | undefined; readonly isPreexisting: boolean };

/** What somebody may ask for: services, then a service's access types, then the resources of one type. */
export async function listCatalog(deps: DecideDeps, caller: Caller, command: Listing): Promise<Result<Reply>> {
  const entries = entriesOf(deps, command);
  if (!entries.ok) return entries;
  const about = await whose(deps, caller, command);
  if (!about.ok) return about;
  const shown = await showCatalog(deps, caller, about.value, entries.value);
  if (!shown.ok) return shown;
  const { service, accessType } = command;
  if (service === undefined) return accept(page(command, 'service', distinct(shown.value.map((each) => each.service)).map(plain)));
  if (accessType === undefined)
    return accept(page(command, 'access type', distinct(shown.value.map((each) => each.accessType)).map(plain)));
  const isAmbiguous = deps.integrations.all().filter((integration) => integration.service === service).length > 1;
  return accept(
    page(
      command,
      accessType,
      shown.value.map(({ resource, label, integration, isHeld }) => ({
        key: resource,
        value: label,
        group: isAmbiguous ? integration : undefined,
        isPreexisting: isHeld,
      })),
    ),
  );
}

/** The part of the catalogue that is asked about. */
function entriesOf({ integrations }: DecideDeps, { service, accessType }: Listing): Result<readonly CatalogEntry[]> {
  const all = integrations.all();
  if (service !== undefined && !all.some((integration) => integration.service === service))
    return reject({ code: 'unknown-service', service, known: distinct(all.map((each) => each.service)) });
  const entries = all
    .filter((integration) => service === undefined || integration.service === service)
    .flatMap((integration) =>
      integration.catalog().map((item) => ({ ...item, integration: integration.name, service: integration.service })),
    );
  if (service === undefined || accessType === undefined) return accept(entries);
  const ofType = entries.filter((entry) => entry.accessType === accessType);
  if (ofType.length > 0) return accept(ofType);
  return reject({ code: 'unknown-access-type', service, accessType, known: distinct(entries.map((entry) => entry.accessType)) });
}

async function whose({ store }: DecideDeps, caller: Caller, { principal, all }: Listing): Promise<Result<About>> {
  if (all) return accept(undefined);
  if (principal === undefined) return accept({ email: caller.person.email, person: caller.person });
  const email = parseEmail(principal);
  if (email === undefined) return reject({ code: 'invalid-principal', given: principal });
  const person = await store.knownPerson(caller.org, email);
  return accept({ email: person?.email ?? email, person });
}

/** `--like` wants every term, split at whatever is no letter or digit, somewhere in the item. */
function page(command: Listing, arg: string, items: readonly Item[]): Reply {
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
