import type { Migration } from 'kysely/migration';
import * as first from './0001-first.ts';
import * as keys from './0002-keys.ts';
import * as auditChain from './0003-audit-chain.ts';
import * as policies from './0004-policies.ts';
import * as settings from './0005-settings.ts';
import * as preApprovals from './0006-pre-approvals.ts';
import * as idempotency from './0007-idempotency.ts';
import * as webhooks from './0008-webhooks.ts';
import * as extendEscalate from './0009-extend-escalate.ts';
import * as policyHistory from './0011-policy-history.ts';
import * as asks from './0012-asks.ts';
import * as makers from './0014-makers.ts';
import * as shownBindings from './0015-shown-bindings.ts';
import * as postings from './0016-postings.ts';
import * as postingAttempts from './0017-posting-attempts.ts';
import * as deliveries from './0018-deliveries.ts';
import * as endorsements from './0019-endorsements.ts';
import * as nudges from './0020-nudges.ts';
import * as questions from './0022-questions.ts';
import * as steps from './0023-steps.ts';
import * as signIns from './0024-sign-ins.ts';
import * as recurringHours from './0025-recurring-hours.ts';
import * as sharedNotices from './0026-shared-notices.ts';
import * as homes from './0027-homes.ts';
import * as warnLiveGrants from './0028-warn-live-grants.ts';
import * as botTokens from './0029-bot-tokens.ts';
import * as nextGroups from './0031-next-groups.ts';
import * as unlinkedAccounts from './0034-unlinked-accounts.ts';
import * as auditChecks from './0040-audit-checks.ts';
import * as newerReleases from './0050-newer-releases.ts';
import * as panics from './0051-panics.ts';
import * as breakGlass from './0053-break-glass.ts';
import * as drift from './0055-drift.ts';
import * as evidence from './0057-evidence.ts';
import * as lateness from './0058-lateness.ts';
import * as widenedReason from './0060-widened-reason.ts';
import * as homeRules from './0061-home-rules.ts';
import * as narrowed from './0062-narrowed.ts';
import * as linkNotices from './0067-link-notices.ts';
import * as identitiesByPerson from './0068-identities-by-person.ts';
import * as refusedHomes from './0070-refused-homes.ts';
import * as accountChanges from './0071-account-changes.ts';
import * as failedSteps from './0072-failed-steps.ts';
import * as driftNotices from './0075-drift-notices.ts';
import * as noticedRules from './0076-noticed-rules.ts';
import * as untouched from './0079-untouched.ts';
import * as failedGrants from './0080-failed-grants.ts';
import * as claimsInPlace from './0081-claims-in-place.ts';
import * as installation from './0082-installation.ts';

/** In order; a released migration is never edited, only followed. */
export const migrations: Record<string, Migration> = {
  '0001-first': first,
  '0002-keys': keys,
  '0003-audit-chain': auditChain,
  '0004-policies': policies,
  '0005-settings': settings,
  '0006-pre-approvals': preApprovals,
  '0007-idempotency': idempotency,
  '0008-webhooks': webhooks,
  '0009-extend-escalate': extendEscalate,
  '0011-policy-history': policyHistory,
  '0012-asks': asks,
  '0014-makers': makers,
  '0015-shown-bindings': shownBindings,
  '0016-postings': postings,
  '0017-posting-attempts': postingAttempts,
  '0018-deliveries': deliveries,
  '0019-endorsements': endorsements,
  '0020-nudges': nudges,
  '0022-questions': questions,
  '0023-steps': steps,
  '0024-sign-ins': signIns,
  '0025-recurring-hours': recurringHours,
  '0026-shared-notices': sharedNotices,
  '0027-homes': homes,
  '0028-warn-live-grants': warnLiveGrants,
  '0029-bot-tokens': botTokens,
  '0031-next-groups': nextGroups,
  '0034-unlinked-accounts': unlinkedAccounts,
  '0040-audit-checks': auditChecks,
  '0050-newer-releases': newerReleases,
  '0051-panics': panics,
  '0053-break-glass': breakGlass,
  '0055-drift': drift,
  '0057-evidence': evidence,
  '0058-lateness': lateness,
  '0060-widened-reason': widenedReason,
  '0061-home-rules': homeRules,
  '0062-narrowed': narrowed,
  '0067-link-notices': linkNotices,
  '0068-identities-by-person': identitiesByPerson,
  '0070-refused-homes': refusedHomes,
  '0071-account-changes': accountChanges,
  '0072-failed-steps': failedSteps,
  '0075-drift-notices': driftNotices,
  '0076-noticed-rules': noticedRules,
  '0079-untouched': untouched,
  '0080-failed-grants': failedGrants,
  '0081-claims-in-place': claimsInPlace,
  '0082-installation': installation,
};
