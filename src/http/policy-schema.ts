import { z } from 'zod';
import { longestBreakGlassMinutes } from '../domain/break-glass.ts';
import { text } from './text.ts';

/** Policies as the published clients write them. Only known members are kept; of those, null and absence stay apart. */
const longestName = 200;
const flag = z.boolean().nullish();
const someText = text(512).min(1);
const group = z.object({ directory: z.enum(['azure-ad', 'entra-id', 'okta', 'workspace', 'local']), id: someText, label: text(512) });
const groups = z.array(group).max(100);
const effect = z.enum(['keep', 'remove']);
const inGroups = z.object({ type: z.literal('group'), groups, effect });
const byUid = z.object({ type: z.literal('user'), uid: text(254).min(1) });

const agent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('any') }),
  z.object({ type: z.enum(['agent-client', 'mcp-client']), clientId: someText }),
  z.object({ type: z.literal('agent-owner'), owner: someText }),
  z.object({ type: z.literal('owner-group'), groups: inGroups }),
  z.object({ type: z.literal('provider'), providerId: someText, subjectPattern: text(512).nullish() }),
]);
const agentUser = z.discriminatedUnion('type', [z.object({ type: z.enum(['any', 'none']) }), byUid, inGroups]);
const requestor = z.union([
  z.discriminatedUnion('type', [
    z.object({ type: z.enum(['any', 'some']) }),
    byUid,
    inGroups,
    z.object({ type: z.literal('agentic'), agent, user: agentUser }),
  ]),
  group.extend({ type: z.literal('group') }),
]);

const filter = z
  .object({
    effect: z.enum(['keep', 'remove', 'removeAll']),
    key: text(512).nullish(),
    pattern: text(512).nullish(),
    value: flag,
  })
  // Without either, `remove` would match everything.
  .refine((each) => each.effect === 'removeAll' || typeof each.key === 'string' || typeof each.value === 'boolean', {
    path: ['key'],
    message: 'Needed with keep and remove',
  });
const filters = z
  .record(text(200), filter)
  .refine((all) => Object.keys(all).length <= 50, 'At most 50 filters')
  .nullish();
const service = someText;
const accessType = text(200).nullish();
const resource = z.discriminatedUnion('type', [
  z.object({ type: z.literal('any'), service: service.nullish(), accessType, filters }),
  z.object({ type: z.literal('integration'), service, accessType, filters }),
]);

/** More would only ever be waited for. */
const mostApprovals = 5;

/** A week; whoever wants to wait longer wants no next group. */
const longestSilenceMinutes = 7 * 24 * 60;
const nextGroups = z
  .object({ afterMinutes: z.int().min(1).max(longestSilenceMinutes), groups: z.array(group).min(1).max(mostApprovals) })
  .nullish()
  .describe('Groups that are asked too, one after the other, each when so many minutes went by in silence');

const breakGlass = z
  .object({ maxMinutes: z.int().min(1).max(longestBreakGlassMinutes).nullish() })
  .nullish()
  .describe('Whom the policy speaks about may take the access at once instead of waiting, for so many minutes at most, and owes a review');

const options = z
  .object({
    allowOneParty: flag,
    requireReason: flag,
    requireDuration: flag,
    requirePreapproval: flag,
    breakGlassApprover: flag,
    requiredApprovals: z.int().min(1).max(mostApprovals).nullish().describe('So many different people must agree; one where it is absent'),
    nextGroups,
    breakGlass,
  })
  .nullish();
const services = z.array(someText).max(100);
const onCall = z.enum(['pagerduty', 'incidentio']);
/** The Terraform provider sends every member with every type. */
const loose = {
  integration: onCall.nullish(),
  directory: someText.nullish(),
  groups: groups.nullish(),
  effect: effect.nullish(),
  profileProperty: text(200).nullish(),
  services: services.nullish(),
  options,
};
const approval = z.discriminatedUnion('type', [
  z.object({ ...loose, type: z.enum(['p0', 'persistent', 'deny']) }),
  z.object({ ...loose, type: z.literal('group'), groups, effect }),
  z.object({ ...loose, type: z.literal('requestor-profile'), directory: someText }),
  z.object({ ...loose, type: z.literal('auto'), integration: onCall }),
  z.object({ ...loose, type: z.literal('escalation'), integration: onCall, services }),
]);

export const policySchema = z
  .object({ name: text(longestName).min(1), disabled: flag, requestor, resource, approval: z.array(approval).max(100) })
  .meta({ id: 'Policy' });

/** Of a whole document: 10,000 policies of 1.6 KiB each, though a single one may have ten times that. */
export const longestDocumentBytes = 16 * 1024 * 1024;
export const rulesSchema = z.array(policySchema).max(10_000);
