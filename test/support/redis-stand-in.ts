/** Stands in for Redis where none is installed: `node redis.ts <port>`. */
import { createRedisMock } from 'js-redis-server';

await createRedisMock({ compatibility: 'redis-7.2', port: Number(process.argv[2]) });
