import { expect, it } from 'vitest';
import { createWorld, email, org } from '../support/world.ts';

it('gives an account to a person, whoever else gives them the same account at the same time', async () => {
  await using world = await createWorld();
  const { store } = world;
  // Whether two meet between looking and writing is chance; among so many some do.
  for (let round = 0; round < 150; round += 1) {
    const account = `new-${round}`;
    const id = (await store.transaction((tx) => tx.person(org, email(`${account}@example.com`)))).id;
    const claims = await Promise.all(
      Array.from({ length: 6 }, () => store.transaction((tx) => tx.claimAccount(org, 'sample', account, id))),
    );
    expect(claims).toEqual(Array.from({ length: 6 }, () => true));
    const other = (await store.transaction((tx) => tx.person(org, email(`other-${round}@example.com`)))).id;
    expect(await store.transaction((tx) => tx.claimAccount(org, 'sample', account, other))).toBe(false);
  }
});

it('gives an account that is claimed by two at the same time to one of them', async () => {
  await using world = await createWorld();
  const { store } = world;
  const [one, two] = await Promise.all(
    ['one', 'two'].map((name) => store.transaction((tx) => tx.person(org, email(`${name}@example.com`)))),
  );
  if (one === undefined || two === undefined) throw new Error('nobody');
  for (let round = 0; round < 100; round += 1) {
    const claims = await Promise.all(
      [one, two].map(({ id }) => store.transaction((tx) => tx.claimAccount(org, 'sample', `both-${round}`, id))),
    );
    expect(claims.filter((isTheirs) => isTheirs)).toHaveLength(1);
  }
});
