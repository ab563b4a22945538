import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import { expect, it } from 'vitest';
import { WebSocketServer } from 'ws';

const program = fileURLToPath(new URL('../support/dial-once.ts', import.meta.url));

async function listen(server: Server, stack: AsyncDisposableStack): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => void server.close());
  return (server.address() as AddressInfo).port;
}

it('dials Slack through the proxy of the environment', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'curfew-proxy-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const name = 'slack.example';
  const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: name }] }],
  });
  await writeFile(path.join(folder, 'ca.pem'), cert);
  const slack = createServer({ key, cert });
  new WebSocketServer({ server: slack }).on('connection', (socket) => socket.send(JSON.stringify({ type: 'hello' })));
  const slackPort = await listen(slack, stack);

  const asked: (string | undefined)[] = [];
  const proxy = createHttpServer().on('connect', (request, socket) => {
    asked.push(request.url);
    const onward = connect(slackPort, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  });
  const proxyPort = await listen(proxy, stack);

  // Node reads these when it starts. Nobody but the proxy knows where this name is.
  const child = spawn(process.execPath, [program, `wss://${name}/link`], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      NODE_USE_ENV_PROXY: '1',
      HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
      NODE_EXTRA_CA_CERTS: path.join(folder, 'ca.pem'),
    },
  });
  expect(await text(child.stdout)).toBe('open');
  expect(asked).toEqual([`${name}:443`]);
}, 30_000);
