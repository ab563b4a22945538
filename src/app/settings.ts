import { type Duration, toSeconds } from '../domain/duration.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { addExpiryOption, type ExpiryOption, removeExpiryOption, resetExpiryOptions, type Settings } from '../domain/settings.ts';
import { actorOf } from './actor.ts';
import { inRole } from './authority.ts';
import type { Doorway } from './doorway.ts';
import type { Caller } from './ports.ts';
import type { RoutingDeps } from './routing.ts';
import type { Store } from './store.ts';

export type DurationSetting = 'approvable' | 'maxAccess' | 'standingAccess';
type DefaultApprovals = Settings['defaultApprovals'];

/** The JIT settings: owners change them; security reviewers and viewers read them too. */
export type SettingsDoors = {
  read(caller: Caller): Promise<Result<{ readonly settings: Settings; readonly version: string }>>;
  /** Adding one that is there already is no error. */
  addOption(caller: Caller, option: Duration): Promise<Result<Settings>>;
  /** By either label; an unknown one is no error, or Terraform could never finish. */
  removeOption(caller: Caller, label: string): Promise<Result<Settings>>;
  resetOptions(caller: Caller): Promise<Result<readonly ExpiryOption[]>>;
  setDefaultApprovals(caller: Caller, approvals: DefaultApprovals): Promise<Result<Settings>>;
  /** Lowering the longest access shortens the grants that are live (I6). */
  setDuration(caller: Caller, setting: DurationSetting, duration: Duration): Promise<Result<Duration>>;
};

type Deps = { readonly store: Store; readonly routing: RoutingDeps };

const mostOptions = 100;

export function createSettingsDoors(deps: Deps, door: Doorway): SettingsDoors {
  const rule = { scope: 'settings', attempt: 'settings.change' } as const;
  return {
    read: door({ scope: 'settings' }, (caller) =>
      inRole(deps.routing, deps.store, caller, ['owner', 'manager', 'viewer'], async () =>
        accept(await deps.store.jitSettings.read(caller.org)),
      ),
    ),
    addOption: door(rule, (caller, option) => change(deps, caller, 'expiryOptions', (settings) => addExpiryOption(settings, option))),
    removeOption: door(rule, (caller, label) => change(deps, caller, 'expiryOptions', (settings) => removeExpiryOption(settings, label))),
    resetOptions: door(rule, async (caller) => {
      const changed = await change(deps, caller, 'expiryOptions', resetExpiryOptions);
      return changed.ok ? accept(changed.value.expiryOptions) : changed;
    }),
    setDefaultApprovals: door(rule, (caller, defaultApprovals) =>
      change(deps, caller, 'defaultApprovals', (settings) => ({ ...settings, defaultApprovals })),
    ),
    setDuration: door(rule, async (caller, setting, duration) => {
      const changed = await change(deps, caller, setting, (settings) => ({ ...settings, [setting]: duration }));
      return changed.ok ? accept(changed.value[setting]) : changed;
    }),
  };
}

/** What changes nothing leaves no event and no version behind. */
function change(deps: Deps, caller: Caller, setting: keyof Settings, next: (settings: Settings) => Settings): Promise<Result<Settings>> {
  const { org } = caller;
  return deps.store.transaction((tx) =>
    inRole(deps.routing, tx, caller, ['owner'], async () => {
      const before = await tx.jitSettings.lock(org);
      const after = next(before);
      if (after.expiryOptions.length > mostOptions) return reject({ code: 'too-many', what: 'expiry options', maximum: mostOptions });
      if (JSON.stringify(after[setting]) === JSON.stringify(before[setting])) return accept(before);
      const actor = actorOf(caller);
      await tx.jitSettings.put(actor, org, after, { setting, before: before[setting], after: after[setting] });
      for (const [name, standing] of [
        ['maxAccess', false],
        ['standingAccess', true],
      ] as const) {
        const [was, is] = [toSeconds(before[name]), toSeconds(after[name])];
        if (is < was) await tx.jitSettings.shorten(actor, org, { standing }, is);
      }
      return accept(after);
    }),
  );
}
