/** The roles of the settings API (`contract.md` §5). `manager` is a security reviewer; `viewer` may read everything. */
export const roles = ['viewer', 'iamViewer', 'iamOwner', 'manager', 'owner'] as const;
export type Role = (typeof roles)[number];

export const isRole = (text: string): text is Role => (roles as readonly string[]).includes(text);
