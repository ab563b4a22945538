import { errorCodes, type FastifyInstance } from 'fastify';

/** No body of ours nests deeper than a handful; the rest is somebody trying the parser. */
const deepest = 20;

/**
 * JSON and nothing else. An empty body counts as none, whatever the content type says: the published clients send
 * `Content-Type: application/json` with every call. Member names that would reach a prototype are refused.
 */
export function acceptJsonBodies(app: FastifyInstance): void {
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) return done(null, undefined);
    const text = decodeUtf8(body);
    if (text === undefined || nestsDeeperThan(deepest, text)) return done(new errorCodes.FST_ERR_CTP_INVALID_JSON_BODY());
    // The framework's parser answers through `done` and returns nothing.
    void parseJson(request, text, done);
  });
}

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
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
