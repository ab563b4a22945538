import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Hands } from './app/act-on-rights.ts';
import { liftPanic, startPanic, sweepPanics } from './app/panics.ts';
import { createReconciler } from './app/reconcile.ts';
import type { Actor, Store } from './app/store.ts';
import type { Config } from './config.ts';
import { counted } from './domain/counted.ts';
import { type Email, type PanicId, parseEmail, parsePanicId } from './domain/ids.ts';
import {
  isHolding,
  panicKinds,
  type Panic,
  type PanicPreview,
  type PanicSelection,
  parseSelection,
  selectionShape,
} from './domain/panic.ts';
import type { Result } from './domain/result.ts';
import { isoTime } from './domain/time.ts';
import { rejectionProblem } from './http/rejection-text.ts';
import { createIntegrations } from './integrations/index.ts';
import { createMetrics } from './metrics/index.ts';
import { openDatabase, openLane } from './store/database.ts';
import { createStore } from './store/index.ts';
import { createVault } from './store/vault.ts';
import { createLog } from './telemetry.ts';

/** For the usage of `curfew`. */
export const panicUsage = `  panic preview SELECTION
             say what a panic would end
  panic start SELECTION --reason TEXT --by EMAIL [--no-hold] [--watch] [--take]
             end it all now, and give nothing of it until it is lifted; --by is who says so, for the audit log.
             --take takes it from the targets from here, for where no worker runs
  panic lift --id ID --by EMAIL
             give it again to whoever asks
  panic status [--id ID] [--watch]
             say how far it is; without an id, of the last ten
             SELECTION: --person EMAIL | --right INTEGRATION/TYPE/RESOURCE | --target INTEGRATION | --everything
`;

const watchEveryMs = 1_000;
const mostItems = 20;

const options = {
  person: { type: 'string' },
  right: { type: 'string' },
  target: { type: 'string' },
  everything: { type: 'boolean' },
  reason: { type: 'string' },
  by: { type: 'string' },
  id: { type: 'string' },
  'no-hold': { type: 'boolean' },
  watch: { type: 'boolean' },
  take: { type: 'boolean' },
} as const;
type Values = ReturnType<typeof parseArgs<{ args: string[]; options: typeof options }>>['values'];

/**
 * `panic …`: the switch for whoever can reach the database. It asks for no role: whoever knows the password of the database
 * has them all. @returns the exit code
 */
export async function panicCommand(config: Config, [word = '', ...args]: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options });
  switch (word) {
    case 'preview':
      return withSelection(values, (selection) =>
        withStore(config, async ({ store }) => {
          say(previewText(await store.panics.preview(config.org, selection, mostItems)));
          return 0;
        }),
      );
    case 'start':
      return withSelection(values, (selection) => withBy(values, (by) => start(config, values, selection, by)));
    case 'lift':
      return withId(values, (id) => withBy(values, (by) => lift(config, id, by)));
    case 'status':
      return values.id === undefined
        ? withStore(config, async ({ store }) => {
            const panics = await store.panics.page(config.org, undefined, 10);
            say(panics.length === 0 ? 'Nothing was pressed.' : panics.map(panicText).join('\n'));
            return 0;
          })
        : withId(values, (id) => withStore(config, ({ store }) => follow(config, store, id, values.watch === true, async () => undefined)));
    default:
      return complain(`Say what to do:\n${panicUsage}`);
  }
}

function start(config: Config, values: Values, selection: PanicSelection, by: Email): Promise<number> {
  return withStore(config, async ({ store, hands }) => {
    const pressed = await store.transaction(async (tx) => {
      const person = await tx.person(config.org, by);
      const wish = { selection, reason: values.reason ?? '', hold: values['no-hold'] !== true };
      return startPanic(hands.integrations, tx, { org: config.org, person }, actorOf(person), wish);
    });
    if (!pressed.ok) return refuse(pressed);
    const { id } = pressed.value;
    // What a worker would do, so that all of it is marked although none may run.
    await sweepPanics(store, hands.log);
    const reconciler = createReconciler(hands, { wake: async () => undefined });
    const turn = async () => {
      if (values.take === true) await reconciler.take();
      await sweepPanics(store, hands.log);
    };
    return follow(config, store, id, values.watch === true || values.take === true, turn);
  });
}

function lift(config: Config, id: PanicId, by: Email): Promise<number> {
  return withStore(config, async ({ store }) => {
    const lifted = await store.transaction(async (tx) => {
      const person = await tx.person(config.org, by);
      return liftPanic(tx, { org: config.org, person }, actorOf(person), id);
    });
    if (!lifted.ok) return refuse(lifted);
    say(panicText(lifted.value));
    return 0;
  });
}

/** Says how far it is; with `watch` whenever that has changed, until it is done. */
async function follow(config: Config, store: Store, id: PanicId, watch: boolean, turn: () => Promise<void>): Promise<number> {
  let said = '';
  for (;;) {
    const found = await store.panics.one(config.org, id);
    if (found === undefined) return complain('There is no panic with this id.');
    const text = panicText(found);
    if (text !== said) say(text);
    said = text;
    if (!watch || found.doneAt !== undefined) return 0;
    await turn();
    if ((await store.panics.one(config.org, id))?.doneAt === undefined) await sleep(watchEveryMs);
  }
}

const actorOf = ({ id, email }: Panic['startedBy']): Actor => ({ kind: 'person', id, email, via: 'console' });

async function withBy(values: Values, act: (by: Email) => Promise<number>): Promise<number> {
  const by = parseEmail(values.by ?? '');
  return by === undefined ? complain('--by must be the e-mail address of whoever says so') : act(by);
}

async function withId(values: Values, act: (id: PanicId) => Promise<number>): Promise<number> {
  const id = parsePanicId(values.id ?? '');
  return id === undefined ? complain('--id must be an id that `panic status` shows') : act(id);
}

async function withSelection(values: Values, act: (selection: PanicSelection) => Promise<number>): Promise<number> {
  const selection = readSelection(values);
  return typeof selection === 'string' ? complain(selection) : act(selection);
}

/** What was meant, or what is wrong with how it was written. */
function readSelection({ person, right, target, everything }: Values): PanicSelection | string {
  const given = { person, right, target, everything: everything === undefined ? undefined : '' };
  const [kind, another] = panicKinds.filter((each) => given[each] !== undefined);
  if (kind === undefined || another !== undefined) return 'Say one of --person, --right, --target and --everything';
  return parseSelection(kind, given[kind] ?? '') ?? `--${kind} must be ${selectionShape[kind]}`;
}

function previewText({ planned, active, ending, people, rights, requests, preApprovals, items }: PanicPreview): string {
  const all = planned + active + ending;
  return [
    `${counted(all, 'grant')} of ${counted(people, 'person', 'people')} on ${counted(rights, 'right')}: ${active} active, ${planned} not given yet, ${ending} ending already.`,
    `${requests} pending requests would be denied and ${preApprovals} pre-approvals closed.`,
    ...items.map(({ principal, permission, state }) => `  ${principal}  ${rightText(permission)}  ${state}`),
    ...(all > items.length ? [`  … and ${all - items.length} more`] : []),
  ].join('\n');
}

function panicText(panic: Panic): string {
  const { total, gone, left, failing, requestsDenied, preApprovalsClosed, failures } = panic.progress;
  const hold = isHolding(panic) ? ', on hold' : panic.lifted === undefined ? '' : `, lifted by ${panic.lifted.by.email}`;
  return [
    `${panic.id}  ${selectionText(panic.selection)}, ${isoTime(panic.startedAt)} by ${panic.startedBy.email}${hold}`,
    `  ${panic.doneAt === undefined ? 'under way' : 'done'}: ${gone} of ${total} grants seen gone, ${left} left, of which ${failing} fail; ` +
      `${requestsDenied} requests denied, ${preApprovalsClosed} pre-approvals closed`,
    ...failures.map(({ principal, permission, why }) => `  ! ${principal}  ${rightText(permission)}: ${why}`),
  ].join('\n');
}

const rightText = ({ integration, accessType, resource }: { integration: string; accessType: string; resource: string }) =>
  `${integration}/${accessType}/${resource}`;

function selectionText(selection: PanicSelection): string {
  switch (selection.kind) {
    case 'person':
      return selection.person;
    case 'right':
      return rightText(selection);
    case 'target':
      return `all of ${selection.integration}`;
    case 'everything':
      return 'everything';
  }
}

/** The database and the targets, and nothing else that could be down. */
async function withStore(
  config: Config,
  act: (open: { readonly store: Store; readonly hands: Hands }) => Promise<number>,
): Promise<number> {
  if (config.database.kind === 'embedded') return complain('DATABASE_URL is not set. Give the address of the database that Curfew uses.');
  const log = createLog(config.logLevel);
  const url = config.database.url.reveal();
  await using stack = new AsyncDisposableStack();
  const { db, pool } = openDatabase(url, log, { max: 2 });
  stack.defer(() => db.destroy());
  const removals = openLane(url, log, 'removals');
  stack.defer(() => removals.end());
  const store = createStore({ db, pool, removals, gives: pool });
  const targets = config.integrations.map((each) => ({ ...each, url: each.url.reveal() }));
  const integrations = stack.use(createIntegrations(targets, config.org));
  const { meter } = createMetrics();
  const vault = createVault(config.secretKey);
  const stopping = new AbortController().signal;
  return await act({ store, hands: { store, integrations, vault, log, meter, stopping, monotonicMs: () => performance.now() } });
}

function refuse(result: Extract<Result<unknown>, { ok: false }>): number {
  return complain(rejectionProblem(result.rejection).detail);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function complain(sentence: string): number {
  process.stderr.write(`- ${sentence}\n`);
  return 1;
}
