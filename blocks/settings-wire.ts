/** What the settings window carries to Slack and back. */
export const settingsFields = ['keepOptions', 'addOptions', 'maxAccess', 'standingAccess', 'approvable', 'defaultApprovals'] as const;
export type SettingsField = (typeof settingsFields)[number];

/** A block's id names the version too: Slack keeps what was typed as long as the id stays. */
export const settingsBlock = (field: SettingsField, version: string): string => `${field}:${version}`;

/** Which settings were shown, and which effect on live grants, if any. */
export type SettingsState = { readonly version: string; readonly shown: string | undefined };

export const encodeSettingsState = ({ version, shown }: SettingsState): string => (shown === undefined ? version : `${version}.${shown}`);

export function decodeSettingsState(text: string | undefined): SettingsState | undefined {
  const [, version, , shown] = /^([0-9]{1,19})(\.([0-9a-f]{16}))?$/.exec(text ?? '') ?? [];
  return version === undefined ? undefined : { version, shown };
}
