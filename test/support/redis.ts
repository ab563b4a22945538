import { Redis } from 'ioredis';
import { createRedisMock } from 'js-redis-server';

/**
 * A Redis database that the caller may flush: of the server at `TEST_REDIS_URL`, else of one in this process.
 * Test files that run at the same time must name different databases.
 */
export async function testRedis(database: number) {
  const given = process.env['TEST_REDIS_URL'];
  const inProcess = given === undefined ? await createRedisMock({ compatibility: 'redis-7.2' }) : undefined;
  const address = new URL(given ?? inProcess?.url ?? '');
  address.pathname = `/${database}`;
  const client = new Redis(address.href);
  await client.flushdb();
  return {
    url: address.href,
    async loseEverything() {
      await client.flushdb();
    },
    async [Symbol.asyncDispose]() {
      await client.flushdb();
      client.disconnect();
      await inProcess?.close();
    },
  };
}
