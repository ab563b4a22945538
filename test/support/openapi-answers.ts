import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { type ApiDocument, type Operation, pointerTo } from './openapi-document.ts';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | number | undefined>>;
  readonly body: string;
};

/** What is wrong with an answer, or with a body, by the document; empty where nothing is. */
export type DocumentCheck = {
  /** Of an answer to this operation; undefined where the document has no operation there, which only a refusal may answer. */
  answer(operation: Operation | undefined, answer: Answer, method: string): readonly string[];
  /** Does the document promise that the operation takes this body? */
  takes(operation: Operation, body: unknown): boolean;
};

const root = 'https://document.example/';

/** Schemas are compiled when they are first needed, and kept. */
export function createDocumentCheck({ document }: ApiDocument): DocumentCheck {
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateSchema: false, logger: false, code: { optimize: false } });
  addFormats.default(ajv);
  ajv.addSchema({ ...document, $id: root });
  const compiled = new Map<string, ValidateFunction>();
  const whyNot = (pointer: string, value: unknown): string | undefined => {
    const reference = `${root}#${pointer.replaceAll('%', '%25').replaceAll('{', '%7B').replaceAll('}', '%7D')}`;
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: reference });
    compiled.set(pointer, validate);
    return validate(value) === true ? undefined : ajv.errorsText(validate.errors);
  };
  return {
    answer: (operation, answer, method) => [...checkAnswer(whyNot, operation, answer, method)],
    takes: (operation, body) =>
      whyNot(`${operation.pointer}${pointerTo('requestBody', 'content', 'application/json', 'schema')}`, body) === undefined,
  };
}

const typeOf = ({ headers }: Answer): string => String(headers['content-type'] ?? '').split(';', 1)[0] ?? '';

function* checkAnswer(
  whyNot: (pointer: string, value: unknown) => string | undefined,
  operation: Operation | undefined,
  answer: Answer,
  method: string,
): Generator<string> {
  const { status, body } = answer;
  if (typeof answer.headers['x-request-id'] !== 'string') yield 'no request id';
  if (answer.headers['cache-control'] !== 'no-store') yield 'may be cached';
  if (operation === undefined) {
    if (status < 400 || status > 499) yield `status ${status} at an address that the document does not have`;
    if (method !== 'HEAD') yield* checkProblem(answer);
    return;
  }
  const key = [String(status), `${Math.floor(status / 100)}XX`].find((each) => each in operation.responses);
  if (key === undefined) return void (yield `status ${status} is not in the document`);
  if (operation.method === 'DELETE' && status < 300 && status !== 204) yield `a DELETE answered ${status}`;
  if (method === 'HEAD') return;
  const content = operation.responses[key]?.content ?? {};
  if (Object.keys(content).length === 0) {
    if (body !== '') yield `a body with ${status}, which the document does not have`;
    return;
  }
  const type = typeOf(answer);
  if (!(type in content)) return void (yield `content type "${type}" with ${status} is not in the document`);
  if (status >= 400 && type === 'application/problem+json') yield* checkProblem(answer);
  const parsed = /^application\/(?:.+\+)?json$/.test(type) ? parse(body) : { value: body };
  if (parsed === undefined) return void (yield 'the body is not JSON');
  const why = whyNot(`${operation.pointer}${pointerTo('responses', key, 'content', type, 'schema')}`, parsed.value);
  if (why !== undefined) yield `the body of ${status} is not as the document says: ${why}`;
}

/** Every refusal, documented or not, is a problem document that carries `error` for the published clients. */
function* checkProblem(answer: Answer): Generator<string> {
  const parsed = parse(answer.body)?.value;
  if (typeOf(answer) !== 'application/problem+json' || typeof parsed !== 'object' || parsed === null)
    return void (yield 'a refusal without a problem document');
  if (!('error' in parsed) || typeof parsed.error !== 'string' || parsed.error === '') yield 'a problem document without `error`';
  if (!('status' in parsed) || parsed.status !== answer.status) yield 'a problem document with another status than its answer';
  if (answer.body.length > 8_000) yield 'a problem document of more than 8,000 characters';
}

/** Undefined: not JSON. */
export function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
