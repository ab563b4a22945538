import { readFile } from 'node:fs/promises';
import { createConfig, lintFromString } from '@redocly/openapi-core';

// Lints docs/openapi.json. Nothing leaves this machine: the document refers to nothing outside itself.
const source = await readFile(new URL('../docs/openapi.json', import.meta.url), 'utf8');
const config = await createConfig({
  extends: ['recommended'],
  rules: {
    // An installation is wherever its owner put it, and may be on http for a trial.
    'no-server-example.com': 'off',
    'info-license-url': 'off',
    'operation-operationId': 'error',
    'operation-4xx-response': 'error',
    'tag-description': 'off',
  },
});
const problems = await lintFromString({ source, absoluteRef: 'docs/openapi.json', config });
for (const { severity, ruleId, message, location } of problems) {
  const where = location.map((place) => place.pointer ?? '').join(', ');
  process.stderr.write(`${severity} ${ruleId} ${where}: ${message}\n`);
}
if (problems.some(({ severity }) => severity === 'error')) process.exitCode = 1;
