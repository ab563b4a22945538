import { errorCodes, type FastifyInstance, type FastifyRequest } from 'fastify';
import { type RefusedMember, refusedMember } from './json-members.ts';
import type { FieldError } from './problem.ts';

/** No body of ours nests deeper than a handful; the rest is somebody trying the parser. */
const deepest = 20;

/** A body that a parser may read in more than one way, or that reaches for a prototype. */
export class AmbiguousBody extends Error {
  readonly field: FieldError;
  constructor({ pointer, name, why }: RefusedMember) {
    super('a member of the body was refused');
    const shown = JSON.stringify(name.slice(0, 100));
    const detail = why === 'repeated' ? `The member ${shown} is given more than once.` : `The member ${shown} is not allowed.`;
    this.field = { pointer, detail };
  }
}

const bodies = new WeakMap<FastifyRequest, Buffer>();

/** For content type parsers: keeps the body as it was sent, for as long as the request lasts. */
export const keepBodyBytes = (request: FastifyRequest, body: Buffer): void => void bodies.set(request, body);

/** The body as it was sent; empty where there was none. */
export const bodyBytes = (request: FastifyRequest): Buffer => bodies.get(request) ?? Buffer.alloc(0);

/**
 * JSON and nothing else. An empty body counts as none, whatever the content type says: the published clients send
 * `Content-Type: application/json` with every call. Member names that would reach a prototype are refused, and so are
 * names given twice: what checks a body and what acts on it must not read two different ones.
 */
export function acceptJsonBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    keepBodyBytes(request, body);
    if (body.length === 0) return done(null, undefined);
    const text = decodeUtf8(body);
    if (text === undefined || nestsDeeperThan(deepest, text)) return done(new errorCodes.FST_ERR_CTP_INVALID_JSON_BODY());
    const refused = refusedMember(text);
    if (refused !== undefined) return done(new AmbiguousBody(refused));
    // The framework's parser answers through `done` and returns nothing.
    void parseJson(request, text, done);
  });
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** Counts brackets outside strings, so that it costs no stack. Text that is not JSON may give either answer. */
export function nestsDeeperThan(limit: number, text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (inString) {
      if (character === '\\') i++;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '{' || character === '[') {
      depth++;
      if (depth > limit) return true;
    } else if (character === '}' || character === ']') depth--;
  }
  return false;
}
