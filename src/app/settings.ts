import { type Duration, toSeconds } from '../domain/duration.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { addExpiryOption, removeExpiryOption, resetExpiryOptions, type Settings } from '../domain/settings.ts';
import { actorOf } from './actor.ts';
import { asOwner, inRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { VersionedSettings } from './settings-store.ts';
import type { Store } from './store.ts';
import { isAmong, type Versions } from './versions.ts';

export type DurationSetting = 'approvable' | 'maxAccess' | 'standingAccess';
type DefaultApprovals = Settings['defaultApprovals'];

/**
 * The JIT settings: owners change them; security reviewers and viewers read them too. Each change starts from one of the
 * versions `from`, and answers with what all settings are then.
 */
export type SettingsDoors = {
  read(caller: Caller): Promise<Result<VersionedSettings>>;
  /** Adding one that is there already is no error. */
  addOption(caller: Caller, option: Duration, from: Versions): Promise<Result<VersionedSettings>>;
  /** By either label; an unknown one is no error, or Terraform could never finish. */
  removeOption(caller: Caller, label: string, from: Versions): Promise<Result<VersionedSettings>>;
  resetOptions(caller: Caller, from: Versions): Promise<Result<VersionedSettings>>;
  setDefaultApprovals(caller: Caller, approvals: DefaultApprovals, from: Versions): Promise<Result<VersionedSettings>>;
  /** Lowering the longest access shortens the grants that are live (I6). */
  setDuration(caller: Caller, setting: DurationSetting, duration: Duration, from: Versions): Promise<Result<VersionedSettings>>;
};

type Deps = { readonly store: Store; readonly routing: RoutingDeps };

const mostOptions = 100;

export function createSettingsDoors(deps: Deps, door: Doorway): SettingsDoors {
  const rule = { scope: 'settings', attempt: 'settings.change' } as const;
  return {
    read: door({ scope: 'settings', attempt: 'settings.read' }, (caller) =>
      inRole(deps.routing, deps.store, caller, ['owner', 'manager', 'viewer'], async () =>
        accept(await deps.store.jitSettings.read(caller.org)),
      ),
    ),
    addOption: door(rule, (caller, option, from) =>
      change(deps, caller, 'expiryOptions', from, (settings) => addExpiryOption(settings, option)),
    ),
    removeOption: door(rule, (caller, label, from) =>
      change(deps, caller, 'expiryOptions', from, (settings) => removeExpiryOption(settings, label)),
    ),
    resetOptions: door(rule, (caller, from) => change(deps, caller, 'expiryOptions', from, resetExpiryOptions)),
    setDefaultApprovals: door(rule, (caller, defaultApprovals, from) =>
      change(deps, caller, 'defaultApprovals', from, (settings) => ({ ...settings, defaultApprovals })),
    ),
    setDuration: door(rule, (caller, setting, duration, from) =>
      change(deps, caller, setting, from, (settings) => ({ ...settings, [setting]: duration })),
    ),
  };
}

/** What changes nothing leaves no event and no version behind. */
function change(
  deps: Deps,
  caller: Caller,
  setting: keyof Settings,
  from: Versions,
  next: (settings: Settings) => Settings,
): Promise<Result<VersionedSettings>> {
  const { org } = caller;
  return asOwner(deps, caller, async (tx) => {
    const found = await tx.jitSettings.lock(org);
    if (!isAmong(found, from)) return reject({ code: 'precondition-failed', current: found.version });
    const before = found.settings;
    const after = next(before);
    if (after.expiryOptions.length > mostOptions) return reject({ code: 'too-many', what: 'expiry options', maximum: mostOptions });
    if (JSON.stringify(after[setting]) === JSON.stringify(before[setting])) return accept(found);
    const actor = actorOf(caller);
    const version = await tx.jitSettings.put(actor, org, after, { setting, before: before[setting], after: after[setting] });
    for (const [name, standing] of [
      ['maxAccess', false],
      ['standingAccess', true],
    ] as const) {
      const [was, is] = [toSeconds(before[name]), toSeconds(after[name])];
      if (is < was) await tx.jitSettings.shorten(actor, org, { standing }, is);
    }
    return accept({ settings: after, version });
  });
}
