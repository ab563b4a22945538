/**
 * Loaded before the product's own code (`node --import`), in tests only: the process kills itself with -9 at the nth passing of
 * a point on its outside edges, before what happens there or right after it. The product itself knows nothing of it.
 *
 * It says under which name it claims rights. `CHAOS_KILL` is JSON: { point, nth, when }; without it nobody dies. A point is a prefix of
 * `sql:<step>` and `target:<call>` (step-names.ts; `sql:commit of <step>` where a step is committed by itself), `redis:<command>`,
 * `http:<method>`, `file:<name>`; `stop:` counts whatever is passed once the process was asked to stop.
 */
import { subscribe } from 'node:diagnostics_channel';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { callOf, stepOf } from './step-names.ts';

export type Failpoint = { readonly point: string; readonly nth: number; readonly when: 'before' | 'after' };

const given = process.env['CHAOS_KILL'];
if (given === undefined) watchPostgres(() => undefined);
else arm(JSON.parse(given) as Failpoint);

function arm({ point, nth, when }: Failpoint): void {
  let passed = 0;
  let isStopping = false;
  process.prependListener('SIGTERM', () => (isStopping = true));
  const pass = (name: string, at: Failpoint['when']): void => {
    if (at !== when || !(point === 'stop:' ? isStopping : name.startsWith(point))) return;
    passed += 1;
    if (passed < nth) return;
    fs.writeSync(2, `chaos: ${JSON.stringify({ died: name, when, nth })}\n`);
    process.kill(process.pid, 'SIGKILL');
  };
  watchPostgres(pass);
  watchRedis(pass);
  watchHttp(pass);
  watchFiles(pass);
}

type Pass = (name: string, at: Failpoint['when']) => void;

function watchPostgres(pass: Pass): void {
  const { prototype } = pg.Client;
  const send: unknown = Reflect.get(prototype, 'query');
  if (typeof send !== 'function') throw new Error('pg.Client has no query to watch');
  const tellOwner = createOwnerTale();
  /** The last step of each connection, of which the commit that follows it is. */
  const last = new WeakMap<pg.Client, string>();
  prototype.query = function query(this: pg.Client, ...args: unknown[]): unknown {
    const what = nameOf(this, args, last);
    if (what.startsWith('sql:claim-rights')) tellOwner(args[0]);
    pass(what, 'before');
    const after = (result: unknown): void => pass(isIdle(what, result) ? `sql:idle` : what, 'after');
    const callback = args.at(-1);
    if (typeof callback === 'function') {
      args[args.length - 1] = (...answer: unknown[]): unknown => {
        after(answer[1]);
        return callback(...answer);
      };
      return send.apply(this, args);
    }
    const answer = send.apply(this, args);
    if (!(answer instanceof Promise)) return answer;
    return answer.then((result: unknown) => {
      after(result);
      return result;
    });
  } as typeof prototype.query;
}

/** Once, and before the first claim is sent. */
function createOwnerTale(): (statement: unknown) => void {
  let isTold = false;
  return (statement) => {
    if (isTold) return;
    isTold = true;
    fs.writeSync(2, `chaos claims as ${String((statement as { values?: unknown[] }).values?.[2])}\n`);
  };
}

function nameOf(client: pg.Client, [first, second]: unknown[], last: WeakMap<pg.Client, string>): string {
  const given = typeof first === 'string' ? { text: first } : (first as { name?: string; text?: string; values?: unknown[] });
  const statement = { values: Array.isArray(second) ? second : undefined, ...given, text: given.text ?? '' };
  if ('database' in client && client.database === 'sample') return `target:${callOf(statement)}`;
  const step = stepOf(statement);
  const before = last.get(client);
  if (!/^(select|update|delete|with) /.test(step)) last.set(client, step);
  return `sql:${step === 'commit' && before !== undefined ? `commit of ${before}` : step}`;
}

/** A worker that claims nothing is in the middle of nothing. */
const isIdle = (what: string, result: unknown): boolean =>
  what.startsWith('sql:claim-rights') && (Object(result) as { rowCount?: number | null }).rowCount === 0;

function watchRedis(pass: Pass): void {
  const { prototype } = Redis;
  const send: unknown = Reflect.get(prototype, 'sendCommand');
  if (typeof send !== 'function') throw new Error('Redis has no sendCommand to watch');
  prototype.sendCommand = function sendCommand(
    this: Redis,
    command: { name: string; promise: Promise<unknown> },
    stream?: unknown,
  ): unknown {
    pass(`redis:${command.name}`, 'before');
    const answer = send.call(this, command, stream);
    command.promise.then(
      () => pass(`redis:${command.name}`, 'after'),
      () => undefined,
    );
    return answer;
  } as typeof prototype.sendCommand;
}

/** Slack's methods, whichever client sends them. */
function watchHttp(pass: Pass): void {
  const named = (message: unknown): string => {
    const request = Object((message as { request?: unknown }).request) as { path?: string };
    return `http:${request.path?.split('?', 1)[0]?.split('/').at(-1) ?? ''}`;
  };
  for (const [channel, at] of [
    ['http.client.request.start', 'before'],
    ['http.client.response.finish', 'after'],
    ['undici:request:create', 'before'],
    ['undici:request:trailers', 'after'],
  ] as const)
    subscribe(channel, (message) => pass(named(message), at));
}

/** The audit log's anchors. */
function watchFiles(pass: Pass): void {
  const open = fs.promises.open;
  fs.promises.open = async (file, ...rest) => {
    pass(`file:${path.basename(String(file))}`, 'before');
    const handle = await open(file, ...rest);
    pass(`file:${path.basename(String(file))}`, 'after');
    return handle;
  };
  syncBuiltinESMExports();
}
