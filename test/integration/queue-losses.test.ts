import { expect, it } from 'vitest';
import { loseRedisAgainAndAgain } from '../chaos/lose-redis.ts';

// A few losses out of the lane `npm run chaos:redis`, which has a hundred with a thousand grants.

it('takes everything away in time while Redis is lost again and again', async () => {
  const { violations, latenessMs, losses } = await loseRedisAgainAndAgain({
    losses: 5,
    grants: 40,
    everyMs: 1_500,
    seed: 7,
    say: () => undefined,
  });
  expect(violations).toEqual([]);
  expect(latenessMs.length).toBeGreaterThanOrEqual(30);
  expect(Object.values(losses).reduce((sum, each) => sum + each, 0)).toBe(5);
}, 240_000);
