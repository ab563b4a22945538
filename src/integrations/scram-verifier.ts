import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
/** PostgreSQL's own default (`scram_iterations`); the passwords are random, so that more would only cost time. */
const iterations = 4096;

/**
 * What PostgreSQL stores in place of a password (RFC 5802). It is made here, because the text of a statement ends up in
 * logs and in `pg_stat_activity`, where a plain password must not be.
 * @param password printable ASCII, which SASLprep leaves as it is
 */
export async function scramVerifier(password: string): Promise<string> {
  if (!/^[\x21-\x7e]+$/.test(password)) throw new Error('a password that we make is printable ASCII');
  const salt = randomBytes(16);
  const salted = await derive(password, salt, iterations, 32, 'sha256');
  const hmac = (text: string) => createHmac('sha256', salted).update(text).digest();
  const storedKey = createHash('sha256').update(hmac('Client Key')).digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${hmac('Server Key').toString('base64')}`;
}
