import { writeFile } from 'node:fs/promises';
import { openApiText } from './openapi-text.ts';

// Writes docs/openapi.json anew. No database is needed: the routes are registered and never called.
await writeFile(new URL('../../docs/openapi.json', import.meta.url), await openApiText());
