import { drift } from '../../blocks/drift.ts';
import type { DriftMessenger } from '../app/drift-notices-store.ts';
import type { Log } from '../app/ports.ts';
import type { FindMarked } from './find-message.ts';
import { driftMark } from './message-mark.ts';
import type { Places } from './places.ts';
import { type Desk, postMessage, redrawMessage } from './post-message.ts';

/** What was changed at targets, for owners and in the channel of the approvers. */
export const createDriftMessenger = (desk: Desk & { readonly places: Places }, find: FindMarked, log: Log): DriftMessenger => ({
  async post(notice, place, report, witness) {
    const channel = await (place === undefined ? desk.places.approvals() : desk.places.direct(place));
    return postMessage(desk, channel, drift(report), driftMark(notice, place), undefined, witness);
  },
  find: (notice, { place, channel, startedAt }) => find(driftMark(notice, place), { channel, startedAt }, undefined),
  async redraw(ref, report, ready) {
    const why = await redrawMessage(desk, ref, drift(report), ready);
    if (why !== undefined) log.warn({ why, integration: report.integration }, 'a message cannot be redrawn any more');
  },
});
