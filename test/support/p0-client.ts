import { randomBytes } from 'node:crypto';
import { request as sendTraces } from 'node:http';

/** Where a command is logged in. `url` may end in a slash, as some configurations have it. */
export type P0Login = { readonly url: string; readonly org: string; readonly token: string };
/** How one run of the command ended. */
export type P0Run = { readonly exit: number; readonly stdout: string; readonly stderr: string };
/** Runs `p0` with these words. */
export type P0 = (login: P0Login, ...words: string[]) => Promise<P0Run>;

/** `old`: up to 0.26.9, which waited in the answer to the command itself; `doubled`: 0.26.10 to 0.26.12, which doubled a slash. */
export type P0Age = 'new' | 'old' | 'doubled';

const version = '0.27.10';
const mostRetries = 8;

/**
 * The published command as it is seen from a server: what it sends, in its own headers, and what it makes of the
 * answers. Written from the observed contract. It retries like the real one, only without the pauses.
 */
export const p0Client =
  (age: P0Age = 'new'): P0 =>
  async (login, ...words) => {
    const out: string[] = [];
    const err: string[] = [];
    const command = understand(words);
    const wire = createWire({ ...login, url: age === 'doubled' ? `${login.url}/` : login.url });
    const ended = (exit: number): P0Run => ({ exit, stdout: out.join('\n'), stderr: err.join('\n') });
    const isOneStream = age === 'old' && command.waits;
    const body = { argv: command.argv, scriptName: 'p0', ...(isOneStream ? { wait: true } : {}) };
    const post = () => wire('POST', command.path, body);
    const said = isOneStream ? await retry(() => readLines(post, 2)) : [await retry(async () => readAnswer(await post()))];
    const [answer] = said;
    if (answer === undefined || 'error' in answer) return ended(fail(answer, err));
    if (command.lists) {
      if (answer['ok'] !== true || !Array.isArray(answer['items'])) return ended(fail(answer, err));
      showList(answer, command, out, err);
    } else {
      if (answer['ok'] !== true || typeof answer['message'] !== 'string' || answer['message'] === '') return ended(fail(answer, err));
      err.push(answer['message']);
    }
    if (command.waits && command.argv[0] !== 'allow' && typeof answer['id'] === 'string') {
      const poll = () => wire('GET', `command/${String(answer['id'])}/poll`);
      const outcome = isOneStream ? said[1] : (await retry(() => readLines(poll, 1)))[0];
      const exit = outcome === undefined || 'error' in outcome ? fail(outcome ?? answer, err) : exitCode(outcome, err);
      if (exit !== 0) return ended(exit);
    }
    await postTraces(login);
    return ended(0);
  };

type Json = Readonly<Record<string, unknown>>;
type Understood = {
  readonly argv: readonly string[];
  readonly path: string;
  readonly waits: boolean;
  readonly lists: boolean;
  readonly isJson: boolean;
  /** Rows that are shown; twice as many are asked for. */
  readonly size: number;
};

const usualSize = 15;
const own: Readonly<Record<string, readonly string[]>> = {
  request: ['-w', '--wait', '--debug'],
  grant: ['-w', '--wait', '--debug'],
  allow: ['-w', '--wait'],
  ls: ['--debug', '--json'],
};

/** Takes out what the command keeps to itself. Nothing else of the words is understood. */
function understand(words: readonly string[]): Understood {
  const [name = ''] = words;
  const at = name === 'ls' ? words.indexOf('--size') : -1;
  const size = at < 0 ? usualSize : Number(words[at + 1]);
  const rest = words.filter((word, index) => !own[name]?.includes(word) && (at < 0 || (index !== at && index !== at + 1)));
  const lists = name === 'ls';
  return {
    argv: lists && size > 0 ? [...rest, '--size', String(size * 2)] : rest,
    path: lists && rest.some((word) => word === '--all' || word === '--principal') ? 'command/ls' : 'command/',
    waits: !lists && words.some((word) => word === '-w' || word === '--wait'),
    lists,
    isJson: words.includes('--json'),
    size,
  };
}

type Wire = (method: 'GET' | 'POST', path: string, body?: object) => Promise<Response>;

/** Node's own `fetch`, which the command uses too, adds the rest: accept, accept-language, accept-encoding, sec-fetch-mode. */
const createWire =
  ({ url, org, token }: P0Login): Wire =>
  (method, path, body) =>
    fetch(`${url}/o/${org}/${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'user-agent': `P0 CLI/${version} (npm build; ${process.platform}; ${process.arch}; node/${process.version})`,
        traceparent: `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });

/** Only what the network did is tried again. */
async function retry<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof TypeError) || tries === mostRetries) throw error;
    }
  }
}

/** The status only counts where the body is not JSON. */
async function readAnswer(response: Response): Promise<Json> {
  const text = await response.text();
  const json = parse(text);
  if (json !== undefined) return json;
  return { error: response.status >= 400 ? `HTTP Error: ${response.status} ${response.statusText}` : 'The response is not valid' };
}

function parse(text: string): Json | undefined {
  try {
    const json: unknown = JSON.parse(text);
    if (json === null) throw new Error('the command crashes on null');
    return json as Json;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The first `count` data lines. A line counts once its end has come; an answer that is no stream may only be an error. */
async function readLines(send: () => Promise<Response>, count: number): Promise<Json[]> {
  const response = await send();
  const found: Json[] = [];
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += new TextDecoder().decode(chunk);
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      const { type, data, error }: Json = JSON.parse(line);
      if (type === 'error') found.push({ error });
      else if (type === 'data') found.push(data as Json);
      else if (type !== 'heartbeat') found.push({ error: 'The response is not valid' });
      if (found.length === count || type === 'error') return found;
    }
  }
  const rest = parse(text);
  return rest !== undefined && 'error' in rest ? [rest] : found;
}

/** Says what was wrong: the `error`, or else all of it. */
function fail(answer: Json | undefined, err: string[]): number {
  const error = answer?.['error'];
  err.push(typeof error === 'string' ? error : JSON.stringify(answer));
  return 1;
}

function exitCode(outcome: Json, err: string[]): number {
  const { status, error } = (outcome['request'] ?? {}) as { status?: string; error?: { message: string } };
  if (error !== undefined) err.push(error.message);
  if (['APPROVED', 'APPROVED_NOTIFIED', 'DONE', 'DONE_NOTIFIED'].includes(status ?? '')) return 0;
  if (status === 'DENIED') return 2;
  return ['ERRORED', 'EXPIRED', 'REVOKED'].includes(status ?? '') ? 1 : 4;
}

/** What the principal has already comes first, with a star. */
function showList(answer: Json, { size, isJson }: Understood, out: string[], err: string[]): void {
  const items = answer['items'] as { key: string; isPreexisting?: boolean }[];
  const sorted = [...items].sort((one, other) => Number(other.isPreexisting === true) - Number(one.isPreexisting === true));
  const shown = size > 0 ? sorted.slice(0, size) : sorted;
  if (isJson) return void out.push(JSON.stringify({ ...answer, items: shown }));
  err.push(`Showing ${shown.length} of ${answer['isTruncated'] === true ? 'many' : items.length} ${String(answer['arg'])}s`);
  out.push(...shown.map((item) => `${item.isPreexisting === true ? '* ' : '  '}${item.key}`));
  return undefined;
}

/** As its exporter sends them: an agent of its own, and a body in chunks. */
function postTraces({ url, org, token }: P0Login): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'user-agent': 'OTel-OTLP-Exporter-JavaScript/0.2',
      'transfer-encoding': 'chunked',
    };
    const sent = sendTraces(`${url}/o/${org}/traces`, { method: 'POST', headers }, (response) => {
      response.resume();
      response.on('end', () => (response.statusCode === 200 ? resolve() : reject(new Error(`traces: ${response.statusCode}`))));
    });
    sent.on('error', reject);
    sent.write('{"resourceSpans":[{"resource":');
    sent.end('{"attributes":[]},"scopeSpans":[]}]}');
  });
}
