import type { UseCases } from '../app/use-cases.ts';
import { type Org, parseOrg } from '../domain/ids.ts';
import { createHttpApp } from './server.ts';

/** The OpenAPI document as it is committed: JSON, two spaces, a newline at the end. */
export async function openApiText(): Promise<string> {
  const app = await createHttpApp({
    useCases: neverCalled(),
    org: someOrg(),
    log: { info: () => undefined, error: () => undefined },
    publicUrl: 'http://127.0.0.1:3000',
    health: async () => ({ ready: true, checks: {} }),
  });
  try {
    return `${JSON.stringify(app.swagger(), undefined, 2)}\n`;
  } finally {
    await app.close();
  }
}

function someOrg(): Org {
  const org = parseOrg('demo');
  if (org === undefined) throw new Error('the name of the organisation is not valid');
  return org;
}

/** Registering a route may name a use case, and calls none. */
function neverCalled(): UseCases {
  const called = (): never => {
    throw new Error('a use case was called while the routes were registered');
  };
  const door: object = new Proxy(called, { get: () => door });
  const known: Partial<UseCases> = {};
  return new Proxy(known, { get: () => door }) as UseCases;
}
