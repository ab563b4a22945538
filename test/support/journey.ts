/** What the journeys have in common: looking at a screen, pressing what is on it, and using what it says. */
import pg from 'pg';
import { expect } from 'vitest';
import { elementsOf } from '../../src/sandbox/slack/elements.ts';
import type { Hands, Target } from '../../src/sandbox/slack/driver.ts';
import type { WorkspaceDriver } from '../../src/sandbox/slack/local-workspace.ts';
import type { Message, View } from '../../src/sandbox/slack/state.ts';
import { must } from './http-app.ts';
import type { RunningCurfew } from './running-curfew.ts';

export const command = '/access request pg role readonly --reason "look at orders" --duration 1m';

/** A click, a decision, a change at the target and a message take well below a second; a busy machine takes longer. */
const patienceMs = 10_000;

export const textOf = (target: Target): string => JSON.stringify(target.blocks);
export const buttonsOf = (target: Target): string[] =>
  elementsOf(target.blocks)
    .filter(({ element }) => element.type === 'button')
    .map(({ element }) => element.action_id);

/** Texts in a fixed pitch, which are there to be copied. */
export function fencesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(fencesOf);
  if (typeof value !== 'object' || value === null) return [];
  if ('type' in value && value.type === 'rich_text_preformatted' && 'elements' in value && Array.isArray(value.elements))
    return [value.elements.map((element: { text?: string }) => element.text ?? '').join('')];
  return Object.values(value).flatMap(fencesOf);
}

/** Text of whatever kind, and whoever or whatever is called or marked up by it, however deep. */
const aliveIn = (value: unknown): unknown[] => {
  if (Array.isArray(value)) return value.flatMap(aliveIn);
  if (typeof value !== 'object' || value === null) return [];
  const isAlive = 'type' in value && ['mrkdwn', 'user', 'usergroup', 'broadcast'].includes(String(value.type));
  return [...(isAlive ? [value] : []), ...Object.values(value).flatMap(aliveIn)];
};

/** What somebody typed calls nobody, in the message itself and in what stands for it in a notification. */
export function expectNobodyCalled(messages: readonly Message[]): void {
  expect(messages).not.toEqual([]);
  expect(messages.filter(({ text }) => /<(?:!(?!date\^)|@)/.test(text))).toEqual([]);
  expect(messages.flatMap(({ blocks }) => aliveIn(blocks))).toEqual([]);
}

/** Settles with the first message for which this holds. */
export const seen = (workspace: WorkspaceDriver, messages: () => Message[], holds: (message: Message) => boolean): Promise<Message> =>
  workspace.until(() => messages().find(holds), patienceMs);

export const told = (workspace: WorkspaceDriver, hands: Hands, words: string): Promise<Message> =>
  seen(
    workspace,
    () => hands.ephemerals(),
    (message) => textOf(message).includes(words),
  );

export const windowWith = (workspace: WorkspaceDriver, hands: Hands, words: string): Promise<View> =>
  workspace.until(() => hands.views().find((view) => JSON.stringify(view.source).includes(words)), patienceMs);

/** The approval message of a request with this reason, while it can be decided. */
export const approvalOf = (workspace: WorkspaceDriver, reason: string): Promise<Message> =>
  seen(
    workspace,
    () => workspace.as('alice').messages('approvals'),
    (message) => textOf(message).includes(reason) && buttonsOf(message).includes('approve'),
  );

export const accessOf = (workspace: WorkspaceDriver, who = 'bob'): Promise<Message> =>
  seen(
    workspace,
    () => workspace.as(who).dm(),
    (message) => buttonsOf(message).includes('relinquish') && buttonsOf(message).includes('show_secret'),
  );

/** Presses a button that the message does not have any more, as somebody does whose screen is behind. */
export async function pressStale(hands: Hands, message: Message, shown: Message['blocks'], actionId: string): Promise<void> {
  const now = message.blocks;
  message.blocks = shown;
  const pressed = hands.press(message, actionId);
  message.blocks = now;
  await pressed;
}

/** How to connect, taken from the direct message and the password's window, as the person would. */
export type Connection = { readonly usage: string; readonly password: string };

export async function showPassword(workspace: WorkspaceDriver, access: Message, who = 'bob'): Promise<Connection> {
  const hands = workspace.as(who);
  await hands.press(access, 'show_secret');
  const window = await windowWith(workspace, hands, 'Copy it now');
  const [password, usage] = fencesOf(window.source);
  await hands.close(window);
  return { usage: must(usage), password: must(password) };
}

/** Logs in as the command in the message says, and counts the orders. The session stays open. */
export async function logIn({ usage, password }: Connection): Promise<{ client: pg.Client; orders: number; cut: Promise<number> }> {
  const [, host = '', port, user = '', database = ''] = /^psql -h (\S+) -p (\d+) -U (\S+) -d (\S+)$/.exec(usage) ?? [];
  const client = new pg.Client({ host, port: Number(port), user, database, password });
  const cut = new Promise<number>((resolve) => {
    client.on('error', () => resolve(Date.now()));
    client.on('end', () => resolve(Date.now()));
  });
  await client.connect();
  const { rows } = await client.query<{ count: number }>('select count(*)::integer as count from orders');
  return { client, orders: must(rows[0]).count, cut };
}

/** `undefined` where it works; else the error's SQLSTATE. */
export async function loginProblem(connection: Connection): Promise<string | undefined> {
  try {
    const { client } = await logIn(connection);
    await client.end();
    return undefined;
  } catch (error) {
    return error instanceof pg.DatabaseError ? (error.code ?? 'no code') : String(error);
  }
}

/** No password, no role, no right to connect: what a target says to somebody who has no access. */
export const refusals = ['28P01', '28000', '42501'];

/** Every request, grant and right that is written down; not whose turn it is to send a message, nor when. */
export async function decisions({ curfew }: RunningCurfew): Promise<string> {
  const tables = ['requests', 'grants', 'rights', 'accounts'];
  const rows = await Promise.all(
    tables.map((table) =>
      curfew.pool.query(`select to_jsonb(t) - 'notice_lease_until' - 'notify_at' as row from ${table} as t order by 1`),
    ),
  );
  return JSON.stringify(rows.map((result) => result.rows));
}

/**
 * Every row of every table of ours; the queue's own are not, nor is the sealing of events, which follows by itself. That
 * something was refused is put on record, and is no change; nor is what the configuration says at the start, nor what Slack
 * delivered, and which home tabs were opened.
 */
export async function everyRow({ curfew: { pool } }: RunningCurfew): Promise<Record<string, unknown[]>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select table_name as name from information_schema.tables
     where table_schema = 'public' and table_type = 'BASE TABLE' and table_name not like 'bull%' and table_name not like 'audit\\_%'
       and table_name not in ('deliveries', 'homes', 'account_changes') order by 1`,
  );
  const contents = tables.map(async ({ name }): Promise<[string, unknown[]]> => {
    const but = name === 'audit' ? `where action not in ('refused', 'role.bound', 'key.created', 'account.linked')` : '';
    const { rows } = await pool.query(`select to_jsonb(t) as row from ${pg.escapeIdentifier(name)} as t ${but} order by t::text`);
    return [name, rows];
  });
  return Object.fromEntries(await Promise.all(contents));
}

/** Nothing was late, refused by Slack or failed. */
export function expectNoComplaints({ workspace, logged }: RunningCurfew): void {
  expect(workspace.warnings).toEqual([]);
  expect(workspace.calls.filter(({ answer }) => answer['ok'] !== true)).toEqual([]);
  const fromSlack = [...workspace.state.channels.values()].flatMap(({ messages }) => messages).filter(({ user }) => user === 'USLACKBOT');
  expect(fromSlack.map(({ text }) => text)).toEqual([]);
  expect(logged.filter(({ level }) => level === 'error')).toEqual([]);
}

/** How many attempts to decide were refused, as the audit log has it. */
export async function refusedDecisions({ curfew: { pool } }: RunningCurfew): Promise<number> {
  const { rows } = await pool.query<{ n: number }>(
    `select count(*)::int as n from audit where action = 'refused' and data->>'attempt' = 'request.decide'`,
  );
  return must(rows[0]).n;
}
