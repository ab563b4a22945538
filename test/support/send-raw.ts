import { type Agent, type IncomingHttpHeaders, request as send } from 'node:http';

export type RawCall = {
  readonly port: number;
  readonly agent: Agent;
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
};

/** Node's own client, because it sends a path as it stands. */
export async function sendRaw(
  options: RawCall,
  payload: string | Uint8Array,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; headers: IncomingHttpHeaders; body: string }>();
  const outgoing = send(
    { host: '127.0.0.1', ...options, headers: { ...options.headers, 'content-length': Buffer.byteLength(payload) } },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
    },
  );
  outgoing.on('error', reject);
  outgoing.end(payload);
  return promise;
}
