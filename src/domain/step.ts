import type { PermissionRequest } from './request.ts';

/** What a step of a workflow learns of its request. */
export type StepEnd =
  | { readonly kind: 'decided'; readonly decision: 'approved' | 'denied' | 'cancelled'; readonly request: PermissionRequest['id'] }
  | { readonly kind: 'failed'; readonly why: string };

/** Undefined while it has to wait. It waits for the decision, and not until the access is there. */
export function stepEnd({ id, state }: Pick<PermissionRequest, 'id' | 'state'>): StepEnd | undefined {
  switch (state.kind) {
    case 'pending':
      return undefined;
    case 'approved':
    case 'denied':
    case 'cancelled':
      return { kind: 'decided', decision: state.kind, request: id };
    case 'lapsed':
      return { kind: 'failed', why: 'Nobody decided about the request in time.' };
  }
}
