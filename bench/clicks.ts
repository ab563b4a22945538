/** Runs in a thread of its own: sends signed clicks by a clock that waits for nobody, and tells when each was acknowledged. */
import { createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { Pool } from 'undici';

/** `id` and `user` are in the payload as well; as headers they cost nobody the parsing. */
export type Click = { readonly id: string; readonly user: string; readonly payload: string };
export type Clicking = {
  readonly origin: string;
  readonly path: string;
  readonly signingSecret: string;
  readonly clicks: readonly Click[];
  readonly perSecond: number;
};
/** `ms`: from when each click was due until it was acknowledged. `startedMs`: since 1970, when the first was due. */
export type Clicked = { readonly ms: readonly number[]; readonly startedMs: number; readonly unexpected: string | undefined };

export const idHeader = 'x-bench-click';
export const userHeader = 'x-bench-user';
const connections = 50;
const contentType = 'application/x-www-form-urlencoded';

parentPort?.on('message', (clicking: Clicking) => void run(clicking));

async function run({ origin, path, signingSecret, clicks, perSecond }: Clicking): Promise<void> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  const stamp = String(Math.floor(Date.now() / 1000));
  const posts = clicks.map(({ id, user, payload }) => {
    const body = new URLSearchParams({ payload }).toString();
    const signature = `v0=${createHmac('sha256', signingSecret).update(`v0:${stamp}:${body}`).digest('hex')}`;
    const signed = { 'content-type': contentType, 'x-slack-request-timestamp': stamp, 'x-slack-signature': signature };
    return { path, method: 'POST', headers: { ...signed, [idHeader]: id, [userHeader]: user }, body } as const;
  });
  let unexpected: string | undefined;
  const [started, startedMs] = [performance.now(), Date.now()];
  const click = async (post: (typeof posts)[number], due: number): Promise<number> => {
    const answer = await pool.request(post);
    await answer.body.text();
    if (answer.statusCode !== 200) unexpected = String(answer.statusCode);
    return performance.now() - due;
  };
  const acks: Promise<number>[] = [];
  for (const post of posts) {
    const due = started + (acks.length * 1000) / perSecond;
    const early = due - performance.now();
    if (early > 0) await sleep(early);
    acks.push(click(post, due));
  }
  const ms = await Promise.all(acks);
  await pool.close();
  parentPort?.postMessage({ ms, startedMs, unexpected } satisfies Clicked);
}
