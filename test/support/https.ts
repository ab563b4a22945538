import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import tls from 'node:tls';
import { generate } from 'selfsigned';

/** A server on https of this machine, with a certificate of its own. */
export async function startHttps(answer: RequestListener) {
  const pems = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true },
      { name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] },
    ],
  });
  const server = createServer({ key: pems.private, cert: pems.cert }, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    /** Host and port. */
    domain: `127.0.0.1:${address.port}`,
    certificate: pems.cert,
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Lets this process believe the certificate, as an administrator would do for a provider of their own. */
export function trust(certificate: string): Disposable {
  const before = tls.getCACertificates('default');
  tls.setDefaultCACertificates([...before, certificate]);
  return { [Symbol.dispose]: () => tls.setDefaultCACertificates(before) };
}
