/** Gathers what the checker needs: the observer's file, the rows, and the audit export as its own command gives it. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { posted } from '../support/posted.ts';
import type { Evidence, Exported, GrantFacts, Look } from './check.ts';
import type { Life, Trouble } from './excuses.ts';
import type { Place } from './place.ts';
import { readRights } from './record-rights.ts';

const cli = path.resolve(import.meta.dirname, '../../src/cli.ts');
const run = promisify(execFile);

type Sources = {
  readonly place: Place;
  readonly folder: string;
  readonly env: Record<string, string>;
  /** The text of the observer's file. */
  readonly looks: string;
  readonly troubles: readonly Trouble[];
  readonly lives: readonly Life[];
  readonly asked: Evidence['asked'];
};

export async function collect({ place, folder, env, looks, troubles, lives, asked }: Sources): Promise<Evidence> {
  const exported = await audit(['export'], folder, env);
  const grants = await place.read<{ id: string; request: string; right: string; state: GrantFacts['state']; from: number; to: number }>(`
    select g.id, g.request_id as request, r.account || ':' || r.resource as right, g.state,
      (extract(epoch from q.decided_at) * 1000)::float8 as from,
      (extract(epoch from coalesce(g.failed_at, g.end_at, g.expires_at, g.latest_end)) * 1000)::float8 as to
    from grants g join rights r on r.org = g.org and r.id = g.right_id join requests q on q.org = g.org and q.id = g.request_id`);
  return {
    looks: lines(looks).map((line) => JSON.parse(line) as Look),
    grants,
    events: lines(exported).map(toExported),
    troubles,
    lives,
    history: await readRights(place),
    asked,
    requests: await place.read<{ id: string; words: string; state: string }>('select id, reason as words, state from requests'),
  };
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

function toExported(line: string): Exported {
  const { seq, time, action, request, grant, data } = JSON.parse(line) as Omit<Exported, 'at'> & { time: string };
  return { seq, at: Date.parse(time), action, request, grant, data };
}

/** The offline verifier's word on the log and its anchors. */
export async function verifyAudit(folder: string, env: Record<string, string>): Promise<string[]> {
  try {
    await audit(['verify'], folder, env);
    return [];
  } catch (error) {
    return [`audit verify: ${error instanceof Error ? error.message : String(error)}`];
  }
}

async function audit(args: readonly string[], folder: string, env: Record<string, string>): Promise<string> {
  const { stdout } = await run(process.execPath, [cli, 'audit', ...args], { cwd: folder, env, maxBuffer: 2 ** 30 });
  return stdout;
}

/** Every message stands where the database says, and once. */
export async function findUntold(place: Place): Promise<string[]> {
  const kept = await place.read<{ request: string; posting: string; channel: string; ts: string }>(
    'select request_id as request, slot as posting, channel, ts from messages',
  );
  const key = (each: { request: string; posting: string; channel: string; ts: string }): string =>
    `${each.posting} of ${each.request} at ${each.channel} ${each.ts}`;
  const there = posted(place.slack).map(({ request, posting, message: { channel, ts } }) => key({ request, posting, channel, ts }));
  const known = new Set(kept.map(key));
  const shown = new Set(there);
  return [
    ...there.filter((each) => !known.has(each)).map((each) => `a message that nobody knows of: ${each}`),
    ...[...known].filter((each) => !shown.has(each)).map((each) => `a message that is not there: ${each}`),
  ];
}
