import { Gauge, type Registry } from 'prom-client';
import type { Vitals } from '../app/vitals-store.ts';

/** What all processes read from the same rows. Where the rows cannot be read there is no figure: an old one would lie. */
export function createVitalGauges(registry: Registry): { show(vitals: Vitals | undefined): void } {
  const gauges: { reset(): void }[] = [];
  const gauge = <Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []): Gauge<Label> => {
    const made = new Gauge({ name, help, labelNames, registers: [registry] });
    gauges.push(made);
    return made;
  };
  const overdue = gauge('curfew_overdue_grants', 'Grants past their end whose access was not seen gone.', ['integration']);
  const overdueAge = gauge('curfew_overdue_seconds', 'How long the oldest of them has been past its end.', ['integration']);
  const notGiven = gauge('curfew_not_given_grants', 'Grants that should be there by now and were not given yet.', ['integration']);
  const notGivenAge = gauge(
    'curfew_not_given_seconds',
    'How long the oldest of them has waited: since its approval, or its hours opened.',
    ['integration'],
  );
  const ambiguous = gauge('curfew_ambiguous_rights', 'Rights of which it is not known whether they are at the target.', ['integration']);
  const drifted = gauge('curfew_drifted_rights', 'Rights that should be at the target and were seen removed by somebody else.', [
    'integration',
  ]);
  const orphans = gauge('curfew_orphans', 'What carries our mark at the target and no right wants.', ['integration']);
  const oldestDue = gauge('curfew_oldest_due_seconds', 'How long the right that is due longest has waited to be looked at.', ['lane']);
  const unsent = gauge('curfew_outbox_unsent', 'Wake-ups that were not given to the queue yet.');
  const outboxAge = gauge('curfew_outbox_age_seconds', 'The age of the oldest of them.');
  const unsealed = gauge('curfew_audit_unsealed', 'Audit events that are not sealed into the chain yet.');
  const unsealedAge = gauge('curfew_audit_unsealed_age_seconds', 'The age of the oldest of them.');
  const verifiedAt = gauge(
    'curfew_audit_chain_verified_timestamp_seconds',
    'When the audit chain was last walked from its first event to its head, in seconds since 1970; 0: never.',
  );
  const intact = gauge('curfew_audit_chain_intact', '1: the audit chain held when it was last walked.');
  const pending = gauge('curfew_pending_requests', 'Requests that wait for a decision.');
  const panics = gauge('curfew_panics_running', 'Panics of which not everything was seen gone yet.');
  const panicLeft = gauge('curfew_panic_grants_left', 'Grants that they wait for.');
  const panicStalled = gauge(
    'curfew_panic_stalled_seconds',
    'How long nothing more of the one that waits longest was marked or seen gone.',
  );
  const holding = gauge('curfew_panics_holding', 'Panics that hold their selection back until somebody lifts them.');
  const leftAlone = gauge('curfew_rows_left_alone', 'Rows in a state or of a kind that only a newer release knows.', ['table', 'state']);
  const tooOld = gauge('curfew_release_too_old', '1: a newer release wants this process to stop. It claims no rights.');
  const single = [unsent, outboxAge, unsealed, unsealedAge, verifiedAt, intact, pending, panics, panicLeft, panicStalled, holding, tooOld];
  return {
    show(vitals) {
      for (const each of gauges) each.reset();
      if (vitals === undefined) return unknown(single);
      for (const [integration, { grants, oldestSeconds }] of vitals.overdue) {
        overdue.set({ integration }, grants);
        overdueAge.set({ integration }, oldestSeconds);
      }
      for (const [integration, { grants, oldestSeconds }] of vitals.notGiven) {
        notGiven.set({ integration }, grants);
        notGivenAge.set({ integration }, oldestSeconds);
      }
      for (const [integration, rights] of vitals.ambiguous) ambiguous.set({ integration }, rights);
      for (const [integration, rights] of vitals.drifted) drifted.set({ integration }, rights);
      for (const [integration, count] of vitals.orphans) orphans.set({ integration }, count);
      oldestDue.set({ lane: 'give' }, vitals.oldestDueSeconds.give);
      oldestDue.set({ lane: 'take' }, vitals.oldestDueSeconds.take);
      unsent.set(vitals.outbox.unsent);
      outboxAge.set(vitals.outbox.oldestSeconds);
      unsealed.set(vitals.audit.unsealed);
      unsealedAge.set(vitals.audit.oldestUnsealedSeconds);
      verifiedAt.set((vitals.audit.verifiedAt ?? 0) / 1000);
      intact.set(vitals.audit.intact ? 1 : 0);
      pending.set(vitals.pendingRequests);
      panics.set(vitals.panics.running);
      panicLeft.set(vitals.panics.left);
      panicStalled.set(vitals.panics.stalledSeconds);
      holding.set(vitals.panics.holding);
      for (const { table, state, count } of vitals.newer.rows) leftAlone.set({ table, state }, count);
      tooOld.set(vitals.newer.isTooOld ? 1 : 0);
    },
  };
}

/** A gauge without labels shows 0 once it is reset, which would be good news. */
function unknown(gauges: readonly Gauge[]): void {
  for (const gauge of gauges) gauge.set(Number.NaN);
}
