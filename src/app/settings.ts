import { type Duration, type DurationSeconds, toSeconds } from '../domain/duration.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { addExpiryOption, removeExpiryOption, resetExpiryOptions, type Settings } from '../domain/settings.ts';
import { actorOf } from './actor.ts';
import { asOwner, inRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { AllSettings, Shortening, VersionedSettings } from './settings-store.ts';
import type { Store } from './store.ts';
import { isAmong, type Versions } from './versions.ts';

export type DurationSetting = 'approvable' | 'maxAccess' | 'standingAccess';
type DefaultApprovals = Settings['defaultApprovals'];

/**
 * The JIT settings: owners change them; security reviewers and viewers read them too. Each change starts from one of the
 * versions `from`, and answers with what all settings are then.
 */
export type SettingsDoors = {
  read(caller: Caller): Promise<Result<AllSettings>>;
  /** Adding one that is there already is no error. */
  addOption(caller: Caller, option: Duration, from: Versions): Promise<Result<VersionedSettings>>;
  /** By either label; an unknown one is no error, or Terraform could never finish. */
  removeOption(caller: Caller, label: string, from: Versions): Promise<Result<VersionedSettings>>;
  resetOptions(caller: Caller, from: Versions): Promise<Result<VersionedSettings>>;
  setDefaultApprovals(caller: Caller, approvals: DefaultApprovals, from: Versions): Promise<Result<VersionedSettings>>;
  /** Lowering the longest access shortens the grants that are live (I6). */
  setDuration(caller: Caller, setting: DurationSetting, duration: Duration, from: Versions): Promise<Result<VersionedSettings>>;
  /** Several of these changes as one, each with its event: all of them are made, or none is. */
  save(caller: Caller, wish: SettingsWish, from: Versions): Promise<Result<VersionedSettings>>;
  /** What `save` would do to live grants at this moment; for owners. Nothing is written. */
  foresee(caller: Caller, wish: Pick<SettingsWish, 'maxAccess' | 'standingAccess'>): Promise<Result<SettingsForesight>>;
};

/** What is absent stays as it is. Presets are removed by their labels before others are added. */
export type SettingsWish = Partial<Pick<Settings, DurationSetting | 'defaultApprovals'>> & {
  readonly removeOptions?: readonly string[];
  readonly addOptions?: readonly Duration[];
};

/** By the setting that shortens them; all zero where nothing is lowered. */
export type SettingsForesight = { readonly maxAccess: Shortening; readonly standingAccess: Shortening };

type Deps = { readonly store: Store; readonly routing: RoutingDeps };

const mostOptions = 100;
const settingNames = [
  'expiryOptions',
  'maxAccess',
  'standingAccess',
  'approvable',
  'defaultApprovals',
] as const satisfies readonly (keyof Settings)[];

export function createSettingsDoors(deps: Deps, door: Doorway): SettingsDoors {
  const rule = { scope: 'settings', attempt: 'settings.change' } as const;
  return {
    read: door({ scope: 'settings', attempt: 'settings.read' }, (caller) =>
      inRole(deps.routing, deps.store, caller, ['owner', 'manager', 'viewer'], async () =>
        accept(await deps.store.jitSettings.read(caller.org)),
      ),
    ),
    addOption: door(rule, (caller, option, from) => change(deps, caller, from, (settings) => addExpiryOption(settings, option))),
    removeOption: door(rule, (caller, label, from) => change(deps, caller, from, (settings) => removeExpiryOption(settings, label))),
    resetOptions: door(rule, (caller, from) => change(deps, caller, from, resetExpiryOptions)),
    setDefaultApprovals: door(rule, (caller, defaultApprovals, from) =>
      change(deps, caller, from, (settings) => ({ ...settings, defaultApprovals })),
    ),
    setDuration: door(rule, (caller, setting, duration, from) =>
      change(deps, caller, from, (settings) => ({ ...settings, [setting]: duration })),
    ),
    save: door(rule, (caller, wish, from) => change(deps, caller, from, (settings) => grant(settings, wish))),
    foresee: door(rule, (caller, wish) =>
      inRole(deps.routing, deps.store, caller, ['owner'], async () => accept(await foresee(deps.store, caller, wish))),
    ),
  };
}

function grant(settings: Settings, { removeOptions = [], addOptions = [], ...plain }: SettingsWish): Settings {
  const fewer = removeOptions.reduce(removeExpiryOption, settings);
  return { ...addOptions.reduce(addExpiryOption, fewer), ...plain };
}

/** Which setting shortens which grants. */
const maxima = [
  ['maxAccess', false],
  ['standingAccess', true],
] as const;

async function foresee({ jitSettings }: Store, { org }: Caller, wish: Pick<SettingsWish, 'maxAccess' | 'standingAccess'>) {
  const { settings } = await jitSettings.read(org);
  const [maxAccess, standingAccess] = await Promise.all(
    maxima.map(([name, standing]): Promise<Shortening> => {
      const lowered = lowering(settings, { ...settings, ...wish }, name);
      return lowered === undefined ? Promise.resolve(nothing) : jitSettings.foresee(org, { standing }, lowered);
    }),
  );
  return { maxAccess: maxAccess ?? nothing, standingAccess: standingAccess ?? nothing };
}

const nothing: Shortening = { count: 0, firstEnd: undefined };

/** The new maximum, where it is less than the old one. */
function lowering(before: Settings, after: Settings, name: 'maxAccess' | 'standingAccess'): DurationSeconds | undefined {
  const [was, is] = [toSeconds(before[name]), toSeconds(after[name])];
  return is < was ? is : undefined;
}

/** What changes nothing leaves no event and no version behind. */
function change(deps: Deps, caller: Caller, from: Versions, next: (settings: Settings) => Settings): Promise<Result<VersionedSettings>> {
  const { org } = caller;
  return asOwner(deps, caller, async (tx) => {
    const found = await tx.jitSettings.lock(org);
    if (!isAmong(found, from)) return reject({ code: 'precondition-failed', current: found.version });
    const before = found.settings;
    const after = next(before);
    if (after.expiryOptions.length > mostOptions) return reject({ code: 'too-many', what: 'expiry options', maximum: mostOptions });
    const actor = actorOf(caller);
    let { version } = found;
    let written = before;
    for (const setting of settingNames) {
      if (JSON.stringify(after[setting]) === JSON.stringify(before[setting])) continue;
      written = { ...written, [setting]: after[setting] };
      version = await tx.jitSettings.put(actor, org, written, { setting, before: before[setting], after: after[setting] });
    }
    for (const [name, standing] of maxima) {
      const lowered = lowering(before, after, name);
      if (lowered !== undefined) await tx.jitSettings.shorten(actor, org, { standing }, lowered);
    }
    return accept({ settings: written, version });
  });
}
