import { sql } from 'kysely';
import type { WaitingWrites } from '../app/waiting-store.ts';
import { timestamp } from './clock.ts';
import type { Db } from './database.ts';
import { auditFrom, notifyFrom } from './journal.ts';

export const createWaitingWrites = (tx: Db): WaitingWrites => ({
  async escalate(actor, request, { reason, at, services }) {
    await sql`with t as (
        update requests set escalated_at = ${timestamp(at)}, escalated_reason = ${reason ?? null}
        where org = ${request.org} and id = ${request.id} and state = 'pending' and escalated_at is null
        returning org, id as request_id, null::uuid as grant_id),
      a as (${auditFrom('t', 'request.escalated', actor, sql`${JSON.stringify({ reason: reason ?? null, services })}::jsonb`)})
      ${notifyFrom('t')}`.execute(tx);
  },
  async askGroups(actor, request, { at, count, groups, reason }) {
    await sql`with t as (
        update requests set groups_asked = ${count}, groups_asked_at = ${timestamp(at)}, groups_asked_reason = ${reason ?? null}
        where org = ${request.org} and id = ${request.id} and state = 'pending' and groups_asked = ${count - 1}
        returning org, id as request_id, null::uuid as grant_id),
      a as (${auditFrom('t', 'request.widened', actor, sql`${JSON.stringify({ groups, reason })}::jsonb`)})
      ${notifyFrom('t')}`.execute(tx);
  },
  async nudge(actor, request, at) {
    await sql`with t as (
        update requests set nudges = nudges + 1, nudged_at = ${timestamp(at)}
        where org = ${request.org} and id = ${request.id} and state = 'pending'
        returning org, id as request_id, null::uuid as grant_id),
      a as (${auditFrom('t', 'request.nudged', actor)})
      ${notifyFrom('t')}`.execute(tx);
  },
  async question(actor, request, { by, at, text }) {
    const mine = JSON.stringify([{ person: by.id, email: by.email, at, text }]);
    await sql`with t as (
        update requests set questions = questions || ${mine}::jsonb
        where org = ${request.org} and id = ${request.id} and state = 'pending'
        returning org, id as request_id, null::uuid as grant_id),
      a as (${auditFrom('t', 'request.questioned', actor, sql`${JSON.stringify({ question: text })}::jsonb`)})
      ${notifyFrom('t')}`.execute(tx);
  },
  async answer(actor, request, number, { by, at, text }) {
    const mine = JSON.stringify({ person: by.id, email: by.email, at, text });
    await sql`with t as (
        update requests set questions = jsonb_set(questions, array[${String(number - 1)}, 'answer'], ${mine}::jsonb)
        where org = ${request.org} and id = ${request.id} and state = 'pending'
        returning org, id as request_id, null::uuid as grant_id),
      a as (${auditFrom('t', 'request.answered', actor, sql`${JSON.stringify({ question: number, answer: text })}::jsonb`)})
      ${notifyFrom('t')}`.execute(tx);
  },
  async narrow(actor, request, { by, to }) {
    const { resource } = request.permission;
    await sql`with t as (
        update requests set resource = ${to}, endorsements = '[]',
          narrowed = ${JSON.stringify({ from: request.narrowed?.from ?? resource, by: by.email })}::jsonb
        where org = ${request.org} and id = ${request.id} and state = 'pending' and resource = ${resource}
        returning org, id as request_id, null::uuid as grant_id),
      a as (${auditFrom('t', 'request.narrowed', actor, sql`${JSON.stringify({ from: resource, to })}::jsonb`)})
      ${notifyFrom('t')}`.execute(tx);
  },
});
