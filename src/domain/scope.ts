/**
 * What a token may be used for. A scope narrows: whoever holds the token still needs the roles and the approver's place
 * that the person it belongs to has.
 */
export const scopes = ['command', 'requests:read', 'requests:decide', 'policies', 'settings', 'audit:read', 'keys'] as const;
export type Scope = (typeof scopes)[number];

/** What a person has who came in by themselves, through Slack. */
export const everyScope: ReadonlySet<Scope> = new Set(scopes);

export const isScope = (text: string): text is Scope => (scopes as readonly string[]).includes(text);
