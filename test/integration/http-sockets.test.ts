import type { Server } from 'node:http';
import { connect } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { accept } from '../../src/domain/result.ts';
import { httpApp, key, listening, org } from '../support/http-app.ts';

const payload = { argv: ['help'], scriptName: 'p0' };
const help = { runCommand: async () => accept({ kind: 'help', text: 'help text' } as const) };

describe('behind a bare node server', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** Sends raw bytes and reads until the other side closes. */
  async function talk(port: number, bytes: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    socket.setEncoding('latin1');
    let seen = '';
    socket.on('data', (chunk) => (seen += String(chunk)));
    socket.write(bytes, 'latin1');
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    socket.on('close', () => resolve());
    socket.on('error', reject);
    await promise;
    return seen;
  }
  const head = (length: number): string =>
    `POST /o/${org}/command HTTP/1.1\r\nHost: x\r\nauthorization: bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\nConnection: close\r\n`;

  it('answers, survives what is no HTTP, and answers again', async () => {
    const { app, logged } = await httpApp(help);
    const bound = await listening(app);
    server = bound.server;
    const body = JSON.stringify(payload);
    const ask = (): Promise<string> => talk(bound.port, `${head(body.length)}\r\n${body}`);
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 [\s\S]*"help text"/);
    for (const bytes of [
      '\0\0\0\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      'POST /o/demo/command HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
    ]) {
      expect(await talk(bound.port, bytes)).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(await talk(bound.port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
    expect(await talk(bound.port, 'OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 404 /);
    expect(await talk(bound.port, `${head(body.length)}Authorization: Bearer other\r\n\r\n${body}`)).toMatch(/^HTTP\/1\.1 401 /);
    expect(await ask()).toMatch(/^HTTP\/1\.1 200 /);
    expect(logged.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('lets a body that does not come run into the time-out of the server', async () => {
    const { app, logged } = await httpApp(help);
    const bound = await listening(app, { requestTimeout: 200, headersTimeout: 100, connectionsCheckingInterval: 50 });
    server = bound.server;
    expect(await talk(bound.port, `${head(100)}\r\n{"argv"`)).toMatch(/^(HTTP\/1\.1 408 |$)/);
    expect((await fetch(`http://127.0.0.1:${bound.port}/livez`)).status).toBe(200);
    expect(logged.filter((line) => line.level === 'error')).toEqual([]);
  });

  it('does not take a body that broke off for a fault', async () => {
    const { app, logged } = await httpApp(help);
    const bound = await listening(app);
    server = bound.server;
    const socket = connect(bound.port, '127.0.0.1');
    const arrived = new Promise((resolve) => bound.server.once('request', resolve));
    socket.write(`${head(100)}\r\n{"argv"`);
    await arrived;
    socket.destroy();
    while (logged.length === 0) await turn();
    expect(logged.filter((line) => line.level === 'error')).toEqual([]);
  });
});
