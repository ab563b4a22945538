import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTerraformWorld, isSuccess, type TerraformWorld } from '../support/terraform.ts';

let terraform: TerraformWorld;

beforeAll(async () => {
  terraform = await createTerraformWorld();
});
afterAll(() => terraform[Symbol.asyncDispose]());
beforeEach(async () => {
  await terraform.world.pool.query('delete from settings');
});

type Duration = { readonly time: number; readonly unit: string };
/** Fails where the provider would. */
async function apply(method: string, path: string, body?: string): Promise<number | undefined> {
  const answer = await terraform.replay(method, `/o/demo/settings/${path}`, body);
  expect(isSuccess(method, answer), `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`).toBe(true);
  return answer.status;
}
async function read() {
  const { status, body } = await terraform.replay('GET', '/o/demo/settings');
  expect(status).toBe(200);
  return body as Record<string, Duration> & { expiryOptions: (Duration & { value: string })[] };
}
const roles = async () => ((await terraform.replay('GET', '/o/demo/settings/roles')).body as { items: unknown[] }).items;

describe('p0_access_durations', () => {
  it('sets the three in order, creating and updating alike, and what is set is what is read', async () => {
    for (const [approvable, maximum, standing] of [
      ['{"time":14,"unit":"d"}', '{"time":180,"unit":"d"}', '{"time":24,"unit":"h"}'],
      ['{"time":90,"unit":"s"}', '{"time":2,"unit":"w"}', '{"time":30,"unit":"m"}'],
    ] as const) {
      await apply('PUT', 'approvable-duration', approvable);
      await apply('PUT', 'max-access-duration', maximum);
      await apply('PUT', 'standing-access-duration', standing);
      expect(await read()).toMatchObject({
        approvableDuration: JSON.parse(approvable),
        maxAccessDuration: JSON.parse(maximum),
        standingAccessDuration: JSON.parse(standing),
      });
    }
  });
});

describe('p0_expiry_options', () => {
  const label = ({ time, unit }: Duration) => {
    const word = { s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week' }[unit];
    return `${time} ${word}${time === 1 ? '' : 's'}`;
  };
  const key = (option: Duration) => `expiry-options/${encodeURIComponent(label(option))}`;
  const sent = (option: Duration) => `{"time":${option.time},"unit":"${option.unit}"}`;
  const stored = async () => (await read()).expiryOptions.map(({ time, unit }) => ({ time, unit }));
  const defaults: Duration[] = [
    { time: 5, unit: 'm' },
    { time: 1, unit: 'h' },
    { time: 24, unit: 'h' },
    { time: 168, unit: 'h' },
    { time: 720, unit: 'h' },
  ];

  it('adds, changes by adding first and removing then, and destroys, to the last', async () => {
    // The provider's own example: what is there already.
    for (const option of defaults) await apply('POST', 'expiry-options', sent(option));
    expect(await stored()).toEqual(defaults);
    const added = { time: 2, unit: 'w' };
    await apply('POST', 'expiry-options', sent(added));
    await apply('DELETE', 'expiry-options/24%20hours');
    const wanted = [...defaults.filter(({ time }) => time !== 24), added];
    expect(await stored()).toEqual(wanted);
    for (const option of wanted) await apply('DELETE', key(option));
    expect(await stored()).toEqual([]);
    // Somebody removed one by hand before: destroying must not get stuck.
    for (const option of wanted) expect(await apply('DELETE', key(option))).toBe(204);
  });

  it('keeps a day and 24 hours apart', async () => {
    await apply('POST', 'expiry-options/_reset');
    await apply('POST', 'expiry-options', '{"time":1,"unit":"d"}');
    await apply('DELETE', 'expiry-options/1%20day');
    expect(await stored()).toEqual(defaults);
  });

  it('loses none of those that are added at once', async () => {
    const wanted = Array.from({ length: 10 }, (_, index) => ({ time: index + 2, unit: 'd' }));
    await Promise.all(wanted.map((option) => apply('POST', 'expiry-options', sent(option))));
    expect((await stored()).slice(defaults.length).toSorted((a, b) => a.time - b.time)).toEqual(wanted);
  });
});

describe('role bindings', () => {
  it.each([
    ['owner', 'users', 'dana@example.com'],
    ['manager', 'users', 'dana@example.com'],
    ['viewer', 'groups', 'okta/Group 1'],
    ['iamOwner', 'groups', '00g1'],
  ])('binds and unbinds %s to %s %s', async (role, kind, name) => {
    const before = await roles();
    // As Go escapes a path: "@" stays as it is, "/" and a space do not.
    const path = `roles/${role}/bindings/${kind}/${encodeURIComponent(name).replaceAll('%40', '@')}`;
    expect(await apply('PUT', path)).toBe(201);
    expect(await apply('PUT', path)).toBe(204);
    expect(await roles()).toContainEqual({ role, type: kind === 'users' ? 'user' : 'group', name, source: 'api' });
    await apply('DELETE', path);
    expect(await roles()).toEqual(before);
  });

  it('takes a plus for a plus', async () => {
    await apply('PUT', 'roles/owner/bindings/users/a+b@example.com');
    expect(await roles()).toContainEqual({ role: 'owner', type: 'user', name: 'a+b@example.com', source: 'api' });
    expect(await read()).toMatchObject({ roles: { owner: { bindings: { users: expect.arrayContaining(['a+b@example.com']) } } } });
    // The same mailbox: the last spelling is the one that is read back.
    expect(await apply('PUT', 'roles/owner/bindings/users/a+c@example.com')).toBe(204);
    expect((await roles()).filter((each) => JSON.stringify(each).includes('"a'))).toContainEqual({
      role: 'owner',
      type: 'user',
      name: 'a+c@example.com',
      source: 'api',
    });
    expect(JSON.stringify(await roles())).not.toContain('a+b@example.com');
    await apply('DELETE', 'roles/owner/bindings/users/a+b@example.com');
    expect(JSON.stringify(await roles())).not.toContain('a+c@example.com');
  });
});
