/** The window that lists the policies: opened, turned, and its buttons that change one at once. */
import { bold, line, words, type Line } from '../../blocks/line.ts';
import { rejectionText, rejectionView } from '../../blocks/notices.ts';
import { policiesHeading, policiesList, policiesPerPage } from '../../blocks/policies.ts';
import { decodePolicyRef, decodeTrail, type PolicyRef, type Trail } from '../../blocks/policies-wire.ts';
import type { Caller } from '../app/ports.ts';
import type { UseCases } from '../app/use-cases.ts';
import { type Rejection, reject, type Result } from '../domain/result.ts';
import { attempt, type Desk, openWindow, privately, windowOf } from './desk.ts';
import type { Press } from './press.ts';

type ModalView = ReturnType<typeof policiesList>;

export function onOpenPolicies(desk: Desk, press: Press): Promise<void> {
  return attempt(desk, privately(desk, press.userId, press.respond), async () => {
    const opened = await openWindow(desk, press.triggerId, policiesHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(press.userId);
      await opened.show(
        caller.ok ? await drawPolicies(desk, caller.value, [], undefined) : rejectionView(policiesHeading, caller.rejection),
      );
    });
  });
}

/** A page of the list as it is now. */
export async function drawPolicies(desk: Desk, caller: Caller, trail: Trail, notice: Line | undefined): Promise<ModalView> {
  const listed = await desk.useCases.policies.list(caller, { after: trail.at(-1), limit: policiesPerPage + 1 });
  if (!listed.ok) return rejectionView(policiesHeading, listed.rejection);
  const policies = listed.value.slice(0, policiesPerPage);
  const next = listed.value.length > policiesPerPage ? policies.at(-1)?.position : undefined;
  return policiesList({ policies, trail, next, notice });
}

export const onTurnPolicies = inList(async (desk, caller, press) => drawPolicies(desk, caller, decodeTrail(press.value), undefined));

/** Asks for nothing but what the person saw: a policy that changed since then is left alone. */
export const onTogglePolicy = changing(async (policies, caller, ref) => {
  const found = await policies.read(caller, ref.name);
  if (!found.ok) return found;
  const { policy } = found.value;
  const disabled = policy.disabled !== true;
  const changed = await policies.update(caller, ref.name, { ...policy, disabled }, [ref.version]);
  return changed.ok ? { ok: true, value: disabled ? 'is disabled' : 'is enabled' } : changed;
});

export const onDeletePolicy = changing(async (policies, caller, ref) => {
  const removed = await policies.remove(caller, ref.name, [ref.version]);
  return removed.ok ? { ok: true, value: 'is deleted' } : removed;
});

type Change = (policies: UseCases['policies'], caller: Caller, ref: PolicyRef) => Promise<Result<string>>;

function changing(change: Change): (desk: Desk, press: Press) => Promise<void> {
  return inList(async (desk, caller, press) => {
    const ref = decodePolicyRef(press.value);
    const changed = ref === undefined ? reject({ code: 'not-found' }) : await change(desk.useCases.policies, caller, ref);
    const name = bold(ref?.name ?? '');
    const notice = changed.ok ? line('✅ The policy ', name, ` ${changed.value}.`) : whyNot(changed.rejection);
    return drawPolicies(desk, caller, decodeTrail(press.view?.metadata), notice);
  });
}

function whyNot(rejection: Rejection): Line {
  if (rejection.code === 'precondition-failed')
    return words('⚠️ Somebody changed this policy meanwhile. Nothing was done. This is how the policies are now.');
  if (rejection.code === 'not-found') return words('⚠️ This policy is not there any more. Nothing was done.');
  return words(`⚠️ ${rejectionText(rejection)}`);
}

/** Redraws the list in which something was pressed. */
function inList(draw: (desk: Desk, caller: Caller, press: Press) => Promise<ModalView>): (desk: Desk, press: Press) => Promise<void> {
  return async (desk, press) => {
    if (press.view === undefined) return;
    const opened = windowOf(desk, press.view.id, policiesHeading);
    await attempt(desk, opened.tell, async () => {
      const caller = await desk.identities.caller(press.userId);
      await opened.show(caller.ok ? await draw(desk, caller.value, press) : rejectionView(policiesHeading, caller.rejection));
    });
  };
}
