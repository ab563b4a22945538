/** What the window of the panic switch carries from its preview to its press: what was typed, to be read again. */
import { type PanicKind, panicKinds } from '../src/domain/panic.ts';

/** A window's metadata has at most 3000 characters, and quoted ones count twice. */
export const longestPanicText = 500;

export type PanicDraft = { readonly kind: PanicKind; readonly which: string; readonly reason: string; readonly hold: boolean };

export const encodePanic = ({ kind, which, reason, hold }: PanicDraft): string => JSON.stringify([kind, which, reason, hold]);

export function decodePanic(metadata: string): PanicDraft | undefined {
  const [kind, which, reason, hold] = parts(metadata);
  const known = decodeKind(kind);
  if (known === undefined || typeof which !== 'string' || typeof reason !== 'string' || typeof hold !== 'boolean') return undefined;
  return { kind: known, which, reason, hold };
}

export const decodeKind = (value: unknown): PanicKind | undefined => panicKinds.find((kind) => kind === value);

function parts(metadata: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(metadata);
    return Array.isArray(parsed) ? parsed : [];
  } catch {
    return [];
  }
}
