import type { OnCall, OnCalls } from '../app/ports.ts';

/** The configured on-call services by name. */
export function createOnCalls(onCalls: readonly OnCall[]): OnCalls {
  const byName = new Map(onCalls.map((onCall) => [onCall.name, onCall]));
  return (name) => byName.get(name);
}
