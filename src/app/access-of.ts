import type { PermissionRequest, Person } from '../domain/request.ts';
import type { Rejection } from '../domain/result.ts';
import type { Caller } from './ports.ts';
import type { Transaction } from './store.ts';

/** As much access as one person may have where more of it would be given without anybody's decision (I16). */
const accessLimit = 1000;

/** What a person has or is about to have, newest first, up to {@link accessLimit}. */
export const accessOf = (tx: Transaction, org: Caller['org'], person: Person): Promise<readonly PermissionRequest[]> =>
  tx.requests(org, { kind: 'access', person: person.id }, accessLimit);

/** Why policies and windows give nothing more on top of this. People may: each time is a decision of somebody's. */
export const whyNoMore = (access: readonly PermissionRequest[]): Rejection | undefined =>
  access.length < accessLimit ? undefined : { code: 'too-many', what: 'pieces of access for one person at a time', maximum: accessLimit };
