import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openApiText } from '../../src/http/openapi-text.ts';

test('the committed OpenAPI document is the one that the routes make', async () => {
  const committed = await readFile(new URL('../../docs/openapi.json', import.meta.url), 'utf8');
  expect(committed === (await openApiText()), 'docs/openapi.json is out of date: run `node src/http/write-openapi.ts`').toBe(true);
});
