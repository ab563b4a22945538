import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { AmbiguousBody } from './json-body.ts';
import type { FieldError, Problem } from './problem.ts';

/** More would only repeat what the first ones say. */
const mostFieldErrors = 10;

/** How often one API key may call. */
export const rateLimited = 'CURFEW_RATE_LIMITED';

/** What the framework refuses on its own, by the status it gives. Its own texts are not used: some echo the input. */
const frameworkProblems = new Map<number, Problem>(
  [
    {
      code: 'malformed-body',
      status: 400,
      title: 'Malformed body',
      detail: 'The body must be JSON in UTF-8, at most 20 levels deep, and as long as Content-Length says.',
    },
    {
      code: 'body-too-large',
      status: 413,
      title: 'Body too large',
      detail: 'The body must be at most 64 KiB; traces may be 1 MiB, and all policies together 16 MiB.',
    },
    {
      code: 'unsupported-media-type',
      status: 415,
      title: 'Unsupported media type',
      detail: 'Send the body with "Content-Type: application/json".',
    },
    {
      code: 'rate-limited',
      status: 429,
      title: 'Too many requests',
      detail: 'Too many requests with this API key, or of this organisation. Wait, then try again.',
    },
    { code: 'overloaded', status: 503, title: 'Overloaded', detail: 'The server is overloaded at the moment. Try again in a few seconds.' },
  ].map((problem) => [problem.status, problem]),
);

/** The refusal that an error stands for; undefined where the error is a fault of ours. */
export function problemOfError(error: unknown): Problem | undefined {
  if (hasZodFastifySchemaValidationErrors(error))
    return invalidInput(error.validation, 'validationContext' in error ? error.validationContext : 'body');
  if (error instanceof AmbiguousBody) return { ...invalidBody, detail: error.field.detail, errors: [error.field] };
  if (!(error instanceof Error) || !('code' in error) || !('statusCode' in error)) return undefined;
  const { code, statusCode } = error;
  // Only the framework's own: a failed call to some other server may carry a status too, and is a fault.
  if (typeof code !== 'string' || !(code.startsWith('FST_') || code === rateLimited)) return undefined;
  return typeof statusCode === 'number' ? frameworkProblems.get(statusCode) : undefined;
}

const invalidBody = { code: 'invalid-body', status: 400, title: 'Invalid body' };

type Issue = { readonly instancePath: string; readonly message?: string | undefined };

/** `part` is the framework's word for what was checked. A field of the body is named by its pointer, others as `query/limit`. */
function invalidInput(issues: readonly Issue[], part: unknown): Problem {
  const outside = part === 'querystring' ? 'query' : part === 'params' ? 'path' : part === 'headers' ? 'header' : undefined;
  const errors = issues.slice(0, mostFieldErrors).map(
    (issue): FieldError => ({
      // The root is "/" there, and would mean the member named "" in a JSON pointer.
      pointer: `${outside ?? '#'}${issue.instancePath === '/' ? '' : issue.instancePath}`,
      detail: issue.message ?? 'Invalid input',
    }),
  );
  const detail = errors
    .map((error) => (error.pointer === '#' ? error.detail : `${error.pointer.replace(/^#\//, '')}: ${error.detail}`))
    .join('\n');
  if (outside === undefined) return { ...invalidBody, detail, errors };
  return { code: `invalid-${outside}`, status: 400, title: `Invalid ${outside}`, detail, errors };
}
