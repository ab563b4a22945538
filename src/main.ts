import path from 'node:path';
import { banner } from './banner.ts';
import { type Config, readConfig, withSampleUrl } from './config.ts';
import { preflight } from './preflight.ts';
import { prepareSampleDatabase } from './sandbox/sample-database.ts';
import { startEmbeddedPostgres } from './sandbox/postgres/start.ts';
import { StartProblem } from './sandbox/postgres/start-problem.ts';
import { serve } from './serve.ts';
import { createLog } from './telemetry.ts';

/** Longer than the longest call to a target, so that stopping does not leave one in doubt. */
const stopWithinMs = 25_000;

const reading = await readConfig();
const problems = [...(reading.ok ? [] : reading.problems), ...(await preflight(reading))];
if (!reading.ok || problems.length > 0) giveUp(problems);
else await run(reading.config);

async function run(given: Config): Promise<void> {
  const log = createLog(given.logLevel);
  const stack = new AsyncDisposableStack();
  let stopping: Promise<void> | undefined;
  const stop = (code: number) => {
    setTimeout(() => {
      log.error({}, 'stopping took too long; whatever is still wanted gone is taken up at the next start');
      process.exit(1);
    }, stopWithinMs).unref();
    stopping ??= stack.disposeAsync().catch((error: unknown) => log.error({ err: error }, 'stopping was not clean'));
    void stopping.then(() => process.exit(code));
  };
  process.once('SIGTERM', () => stop(0));
  process.once('SIGINT', () => stop(0));
  // A fault that nobody caught leaves the process in an unknown state: stop in order, and let the supervisor start it again.
  for (const event of ['unhandledRejection', 'uncaughtException'] as const)
    process.on(event, (error: unknown) => {
      log.error({ err: error }, 'a fault that nobody caught; stopping');
      stop(1);
    });
  try {
    const { config, databaseUrl, notes } = await openDatabaseServer(given, stack);
    const running = stack.use(await serve(config, databaseUrl, log));
    process.stdout.write(banner(config, running.url, notes));
  } catch (error) {
    await stack.disposeAsync();
    if (error instanceof StartProblem) return giveUp([error.message]);
    throw error;
  }
}

/** The given database, or the embedded one with the sample target beside it. */
async function openDatabaseServer(
  config: Config,
  stack: AsyncDisposableStack,
): Promise<{ config: Config; databaseUrl: string; notes: readonly string[] }> {
  if (config.database.kind === 'url') return { config, databaseUrl: config.database.url.reveal(), notes: [] };
  const server = stack.use(await startEmbeddedPostgres({ folder: path.join(config.database.dataDir, 'postgres') }));
  if (!config.wantsSampleDatabase) return { config, databaseUrl: server.url, notes: server.notes };
  const sample = await prepareSampleDatabase(server.adminUrl);
  return { config: withSampleUrl(config, sample.url), databaseUrl: server.url, notes: server.notes };
}

function giveUp(sentences: readonly string[]): void {
  process.stderr.write(`Curfew cannot start:\n${sentences.map((sentence) => `  - ${sentence}\n`).join('')}`);
  process.exitCode = 1;
}
