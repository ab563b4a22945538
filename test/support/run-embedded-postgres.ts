import { startEmbeddedPostgres } from '../../src/sandbox/postgres/start.ts';

// A process of its own that holds an embedded PostgreSQL until its input ends: `node … <folder> <spareRoot>`.
const [folder = '', spareRoot = ''] = process.argv.slice(2);
try {
  const server = await startEmbeddedPostgres({ folder, spareRoot });
  console.log(JSON.stringify(server));
  for await (const _ of process.stdin) continue;
  await server.stop();
} catch (error) {
  console.log(JSON.stringify({ name: error instanceof Error ? error.name : '', message: String(error) }));
}
