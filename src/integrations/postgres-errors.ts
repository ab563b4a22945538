import pg from 'pg';

/** SQLSTATE of what our programs refuse themselves; the text is a sentence for people. */
export const ourRefusal = 'ZC001';
/** Configuration that a retry does not mend: syntax and access rules, authorization, unknown database, our own refusals. */
const permanent = /^(?:42(?!710)|28|3D|ZC)/;
/** After these the connection is gone, and with it the answer to what was sent. */
const connectionEnds = /^(?:08|57P|58|25P0[34]|XX00[12]|40003)/;
/** Losing a race for a catalogue row, or a deadlock. */
const transient = /^(?:XX000|40P01|40001)$/;

export const isTransient = (code: string): boolean => transient.test(code);

/** Did the server say no? While connecting every answer is a no; later a fatal one leaves open what was applied. */
export const isRefusal = (error: unknown, stage: 'unsent' | 'sent'): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && (stage === 'unsent' || (error.severity !== 'FATAL' && !connectionEnds.test(error.code ?? '')));

export const refusal = (error: { code?: string | undefined; message: string }) =>
  ({ kind: 'refused', permanent: permanent.test(error.code ?? ''), why: say(error.code, error.message) }) as const;

/** For logs and messages: the server's own words, or the code of a broken connection; never an address or a secret. */
export function describe(error: unknown): string {
  if (error instanceof pg.DatabaseError) return say(error.code, error.message);
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'connection lost';
  return `PostgreSQL could not be reached, or did not answer (${code})`;
}

const say = (code: string | undefined, message: string) =>
  code === ourRefusal ? message : `PostgreSQL said: ${message.slice(0, 200)} (${code ?? 'no code'})`;
