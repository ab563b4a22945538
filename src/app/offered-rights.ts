/** What the form that asks for access offers: only what may be asked for, found without judging everything there is. */
import type { Email, Org } from '../domain/ids.ts';
import { optionKey } from '../domain/option-key.ts';
import type { Permission } from '../domain/request.ts';
import type { Glance } from './glance.ts';
import type { CatalogItem, Integration } from './ports.ts';
import { mayAsk } from './shown-catalog.ts';

/** Whom the offer is for. `isOffered`: what is offered, instead of what they may ask for. */
export type For = { readonly org: Org; readonly email: Email; readonly isOffered?: (permission: Permission) => Promise<boolean> };

/** So many are judged before others get their turn. */
const atOnce = 100;

/** The first of these that may be asked for, at most `most`, in their order. */
async function firstOffered(
  glance: Glance,
  { org, email, isOffered = (permission) => mayAsk(glance, org, email, permission) }: For,
  { name, service }: Integration,
  items: Iterable<CatalogItem>,
  most: number,
): Promise<readonly CatalogItem[]> {
  const found: CatalogItem[] = [];
  let judged = 0;
  for (const item of items) {
    judged += 1;
    if (judged % atOnce === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    const { accessType, resource } = item;
    if (await isOffered({ integration: name, service, accessType, resource })) found.push(item);
    if (found.length === most) break;
  }
  return found;
}

const isAnyOffered = async (glance: Glance, whose: For, integration: Integration, items: readonly CatalogItem[]): Promise<boolean> =>
  (await firstOffered(glance, whose, integration, items, 1)).length > 0;

export async function offeredIntegrations(glance: Glance, whose: For, all: readonly Integration[]): Promise<readonly Integration[]> {
  const offered: Integration[] = [];
  for (const each of all) if (await isAnyOffered(glance, whose, each, each.catalog())) offered.push(each);
  return offered;
}

export async function offeredTypes(glance: Glance, whose: For, integration: Integration): Promise<readonly string[]> {
  const offered: string[] = [];
  for (const [type, items] of Map.groupBy(integration.catalog(), ({ accessType }) => accessType))
    if (await isAnyOffered(glance, whose, integration, items)) offered.push(type);
  return offered;
}

/** The resources of one type whose names have all words of the query, the best first. */
export function offeredResources(
  glance: Glance,
  whose: For,
  integration: Integration,
  { accessType, query, most }: { readonly accessType: string; readonly query: string; readonly most: number },
): Promise<readonly CatalogItem[]> {
  const ofType = integration.catalog().filter((item) => optionKey(item.accessType) === accessType);
  return firstOffered(glance, whose, integration, bestFirst(ofType, query), most);
}

/** What begins with the query stands before what has a word that does, and that before what has it anywhere. */
export function bestFirst(items: readonly CatalogItem[], query: string): readonly CatalogItem[] {
  const wanted = query.normalize('NFC').toLowerCase().trim();
  const terms = wanted.split(/[^\p{L}\p{N}]+/u).filter((term) => term !== '');
  if (wanted === '') return items;
  const ranked = items.flatMap((item) => {
    const texts = [item.label, item.resource].map((text) => text.normalize('NFC').toLowerCase());
    if (texts.some((text) => text.startsWith(wanted))) return [{ item, rank: 0 }];
    const text = texts.join(' ');
    if (!(terms.length === 0 ? text.includes(wanted) : terms.every((term) => text.includes(term)))) return [];
    const words = text.split(/[^\p{L}\p{N}]+/u);
    return [{ item, rank: terms.every((term) => words.some((word) => word.startsWith(term))) ? 1 : 2 }];
  });
  // A stable sort: within a rank the catalogue's order stays.
  return ranked.toSorted((a, b) => a.rank - b.rank).map(({ item }) => item);
}
