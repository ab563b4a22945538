/**
 * What is done where a target shows something else than we know of, because somebody changed it there. `alert`: it is said.
 * `repair`: what was removed is given again, and what is ours and nobody wants is removed. `adopt`: the target is right; what was
 * removed there has ended.
 */
export const driftResponses = ['alert', 'repair', 'adopt'] as const;
export type DriftResponse = (typeof driftResponses)[number];
