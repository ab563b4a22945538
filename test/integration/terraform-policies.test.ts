import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTerraformWorld, type TerraformWorld } from '../support/terraform.ts';

let terraform: TerraformWorld;

beforeAll(async () => {
  terraform = await createTerraformWorld();
});
afterAll(() => terraform[Symbol.asyncDispose]());

async function replay(method: string, path: string, body?: string) {
  const { status, body: answer } = await terraform.replay(method, path, body);
  return { status, body: answer };
}

const minimal =
  '{"name":"minimal any/any","requestor":{"type":"any"},"resource":{"type":"any","service":null,"accessType":null,"filters":null},"approval":[{"directory":null,"integration":null,"groups":null,"profileProperty":null,"options":null,"services":null,"type":"p0","effect":null}]}';
const renamed = minimal.replace('minimal any/any', 'renamed any/any');
const absent = '{"name":"minimal any/any","disabled":true,"requestor":{"type":"any"},"resource":{"type":"any"},"approval":[{"type":"p0"}]}';

describe.each(['/o/demo/policy/name/', '/o/demo/routing/name/', '//o/demo/policy/name/'])('the provider at %s', (base) => {
  it('creates, refreshes, updates, renames and destroys a policy, and reads what it set', async () => {
    const old = `${base}minimal%20any%2Fany`;
    const next = `${base}renamed%20any%2Fany`;
    expect(await replay('POST', old, minimal)).toEqual({ status: 201, body: JSON.parse(minimal) });
    expect(await replay('GET', old)).toEqual({ status: 200, body: JSON.parse(minimal) });
    expect(await replay('PUT', old, absent)).toEqual({ status: 200, body: JSON.parse(absent) });
    expect(await replay('GET', old)).toEqual({ status: 200, body: JSON.parse(absent) });
    expect(await replay('DELETE', old)).toEqual({ status: 204, body: undefined });
    expect(await replay('POST', next, renamed)).toEqual({ status: 201, body: JSON.parse(renamed) });
    expect((await replay('GET', old)).status).toBe(404);
    expect(await replay('DELETE', next)).toEqual({ status: 204, body: undefined });
    expect((await replay('DELETE', next)).status).toBe(404);
  });

  it('keeps all of ten that are applied at once', async () => {
    const wanted = Array.from({ length: 10 }, (_, index) => `parallel ${index}`);
    const at = (name: string) => base + encodeURIComponent(name);
    const body = (name: string) => minimal.replace('minimal any/any', name);
    const made = await Promise.all(wanted.map((name) => replay('POST', at(name), body(name))));
    expect(made.map(({ status }) => status)).toEqual(wanted.map(() => 201));
    for (const name of wanted) expect(await replay('GET', at(name))).toEqual({ status: 200, body: JSON.parse(body(name)) });
    const gone = await Promise.all(wanted.map((name) => replay('DELETE', at(name))));
    expect(gone.map(({ status }) => status)).toEqual(wanted.map(() => 204));
  });
});
