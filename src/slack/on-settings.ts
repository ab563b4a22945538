/** The window of the JIT settings: opened, typed in, saved, presets reset. */
import { line, words, type Line } from '../../blocks/line.ts';
import { rejectionText, rejectionView } from '../../blocks/notices.ts';
import { effectLine, settingsForm, settingsHeading, type SettingsNote } from '../../blocks/settings.ts';
import { decodeSettingsState, settingsBlock, settingsFields, type SettingsField } from '../../blocks/settings-wire.ts';
import type { Caller } from '../app/ports.ts';
import type { SettingsForesight } from '../app/settings.ts';
import type { VersionedSettings } from '../app/settings-store.ts';
import { digestOf } from '../domain/digest.ts';
import type { Rejection, Result } from '../domain/result.ts';
import { attempt, type Desk, openWindow, privately, reportFault, windowOf } from './desk.ts';
import type { Press, Values } from './press.ts';
import { filledSettings, type Problems, type ReadSettings, readSettings, storedBesides } from './read-settings.ts';
import type { Submission, SubmissionAnswer } from './submission.ts';

type ModalView = ReturnType<typeof settingsForm>;

const refused = (rejection: Rejection): ModalView => rejectionView(settingsHeading, rejection);
const draw = ({ settings, version }: VersionedSettings, more: Partial<Parameters<typeof settingsForm>[0]> = {}): ModalView =>
  settingsForm({ settings, version, filled: undefined, notes: {}, notice: undefined, shown: undefined, ...more });

const conflict = words('⚠️ Somebody changed the settings meanwhile. Nothing was saved. This is how they are now.');

const conflictKept = words(
  '⚠️ Somebody changed the settings meanwhile. Nothing was saved. What you typed still stands here; where something else is stored now, ' +
    'that stands below it, and Save replaces it. The presets are shown as they are now.',
);

/** The settings as they are now, with what was typed over the ones that were shown as `version`. */
function drawConflict(now: VersionedSettings, values: Values, version: string): ModalView {
  const filled = filledSettings(values, version);
  return draw(now, { filled, notes: storedBesides(filled, now.settings), notice: conflictKept });
}

export function onOpenSettings(desk: Desk, press: Press): Promise<void> {
  return attempt(desk, privately(desk, press.userId, press.respond), async () => {
    const opened = await openWindow(desk, press.triggerId, settingsHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(press.userId);
      if (!caller.ok) return opened.show(refused(caller.rejection));
      const read = await desk.useCases.settings.read(caller.value);
      await opened.show(read.ok ? draw(read.value) : refused(read.rejection));
    });
  });
}

/** While somebody types: what is wrong, and what saving would do. */
export async function onSettingTyped(desk: Desk, press: Press): Promise<void> {
  const { view } = press;
  const state = decodeSettingsState(view?.metadata);
  if (view === undefined || state === undefined) return;
  try {
    await desk.turns.redraw(
      view.id,
      { hash: view.hash, ts: press.ts },
      async () => {
        const caller = await desk.identities.caller(press.userId);
        return caller.ok ? redrawTyped(desk, caller.value, press, state.version) : refused(caller.rejection);
      },
      async (drawn, hash) => (await desk.client.views.update({ view_id: view.id, hash, view: drawn })).view?.hash,
    );
  } catch (error) {
    // The form stays as it stands. Nobody is told at each letter: Save says all of it.
    reportFault(desk.log, error);
  }
}

async function redrawTyped(desk: Desk, caller: Caller, { values }: Press, version: string): Promise<ModalView> {
  const now = await desk.useCases.settings.read(caller);
  if (!now.ok) return refused(now.rejection);
  if (now.value.version !== version) return drawConflict(now.value, values, version);
  const read = readSettings(values, now.value.settings, version);
  const foresight = await desk.useCases.settings.foresee(caller, read.wish);
  if (!foresight.ok) return refused(foresight.rejection);
  // What is shown now is what the next Save agrees to.
  const filled = filledSettings(values, version);
  const notes = { ...storedBesides(filled, now.value.settings), ...notesOf(read, foresight.value) };
  return draw(now.value, { filled, notes, shown: effectOf(read, foresight.value) });
}

function notesOf({ wish, problems }: ReadSettings, foresight: SettingsForesight): Partial<Record<SettingsField, SettingsNote>> {
  return Object.fromEntries(
    settingsFields.flatMap((field): [SettingsField, SettingsNote][] => {
      const problem = problems[field];
      if (problem !== undefined) return [[field, { problem }]];
      const shortens = field === 'maxAccess' || field === 'standingAccess';
      return shortens && wish[field] !== undefined ? [[field, foresight[field]]] : [];
    }),
  );
}

/** Saves only where the effect on live grants was shown as it is now, or there is none. */
export async function onSettingsSubmitted(desk: Desk, { userId, viewId, values, metadata }: Submission): Promise<SubmissionAnswer> {
  desk.turns.close(viewId);
  const done = (view: ModalView): SubmissionAnswer => ({ kind: 'done', view });
  const caller = await desk.identities.caller(userId);
  if (!caller.ok) return done(refused(caller.rejection));
  const state = decodeSettingsState(metadata);
  const now = await desk.useCases.settings.read(caller.value);
  if (!now.ok) return done(refused(now.rejection));
  const { version } = now.value;
  if (state === undefined) return done(draw(now.value, { notice: conflict }));
  if (state.version !== version) return done(drawConflict(now.value, values, state.version));
  const read = readSettings(values, now.value.settings, version);
  if (Object.keys(read.problems).length > 0) {
    desk.countRefused('form');
    return { kind: 'errors', errors: atFields(read.problems, version) };
  }
  const foresight = await desk.useCases.settings.foresee(caller.value, read.wish);
  if (!foresight.ok) return done(refused(foresight.rejection));
  const shown = effectOf(read, foresight.value);
  if (shown !== undefined && shown !== state.shown)
    return done(
      draw(now.value, {
        filled: filledSettings(values, version),
        notes: notesOf(read, foresight.value),
        shown,
        notice: pressAgain(foresight.value),
      }),
    );
  const saved = await desk.useCases.settings.save(caller.value, read.wish, [version]);
  if (!saved.ok && saved.rejection.code === 'too-many')
    return { kind: 'errors', errors: atFields({ addOptions: rejectionText(saved.rejection) }, version) };
  return done(await afterwards(desk, caller.value, saved, (stored) => drawConflict(stored, values, version)));
}

/** Fingerprint of what saving would do to live grants; undefined where it does nothing. How time passes does not change it. */
function effectOf({ wish }: ReadSettings, { maxAccess, standingAccess }: SettingsForesight): string | undefined {
  if (maxAccess.count + standingAccess.count === 0) return undefined;
  return digestOf([wish.maxAccess, wish.standingAccess, maxAccess.count, standingAccess.count]);
}

function pressAgain({ maxAccess, standingAccess }: SettingsForesight): Line {
  const effects = [maxAccess, standingAccess].filter(({ count }) => count > 0).flatMap((each) => [...effectLine(each), ...words(' ')]);
  return line(effects, 'Nothing is saved yet. Press Save again to do it.');
}

const atFields = (problems: Problems, version: string): Record<string, string> =>
  Object.fromEntries(
    settingsFields.flatMap((field) => {
      const problem = problems[field];
      return problem === undefined ? [] : [[settingsBlock(field, version), problem]];
    }),
  );

async function afterwards(
  desk: Desk,
  caller: Caller,
  changed: Result<VersionedSettings>,
  drawAgain = (stored: VersionedSettings) => draw(stored, { notice: conflict }),
): Promise<ModalView> {
  if (changed.ok) return draw(changed.value, { notice: words('✅ Saved. This is how the settings are now.') });
  if (changed.rejection.code !== 'precondition-failed') return refused(changed.rejection);
  const now = await desk.useCases.settings.read(caller);
  return now.ok ? drawAgain(now.value) : refused(now.rejection);
}

/** Starts from the settings that the window shows. */
export async function onResetPresets(desk: Desk, press: Press): Promise<void> {
  const { view } = press;
  if (view === undefined) return;
  const opened = windowOf(desk, view.id, settingsHeading);
  // What fails leaves the form with what stands in it.
  await attempt(desk, privately(desk, press.userId, undefined), async () => {
    const caller = await desk.identities.caller(press.userId);
    if (!caller.ok) return opened.show(refused(caller.rejection));
    const version = decodeSettingsState(press.value)?.version;
    const reset = await desk.useCases.settings.resetOptions(caller.value, version === undefined ? [] : [version]);
    await opened.show(await afterwards(desk, caller.value, reset));
  });
}
