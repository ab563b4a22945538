/** Runs in a thread of its own: calls one address over and over, and tells how long that took. */
import { parentPort } from 'node:worker_threads';
import { Pool } from 'undici';

export type Errand = {
  readonly origin: string;
  readonly path: string;
  /** Each is used as often as the others, and so is each body. */
  readonly keys: readonly string[];
  readonly bodies: readonly string[];
  readonly calls: number;
  readonly connections: number;
};

parentPort?.on('message', (errand: Errand) => void run(errand));

async function run({ origin, path, keys, bodies, calls, connections }: Errand): Promise<void> {
  const pool = new Pool(origin, { connections, pipelining: 1 });
  let next = 0;
  let unexpected: string | undefined;
  const started = performance.now();
  const caller = async (): Promise<void> => {
    while (next < calls) {
      const turn = next++;
      const headers = { authorization: `Bearer ${keys[turn % keys.length]}`, 'content-type': 'application/json' };
      const answer = await pool.request({ path, method: 'POST', headers, body: bodies[turn % bodies.length] ?? '' });
      const text = await answer.body.text();
      if (answer.statusCode !== 200) unexpected = `${answer.statusCode} ${text}`;
    }
  };
  await Promise.all(Array.from({ length: connections }, caller));
  const ms = performance.now() - started;
  await pool.close();
  parentPort?.postMessage({ ms, unexpected });
}
