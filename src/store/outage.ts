/** Classes of SQLSTATE: connection exceptions, and what a server says that goes down, comes up, has no room, or was too slow for us. */
const away = /^(08...|57014|57P0[1235]|53300|58...)$/;
const refusedBySystem: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);
/** What `pg` says in words only. */
const words =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed)/;

/** Did the database not answer, so that the same may go well in a moment? What had been sent may have been done. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && (away.test(code) || refusedBySystem.has(code))) return true;
  return words.test(error.message) || (error.cause !== undefined && isOutage(error.cause));
}
