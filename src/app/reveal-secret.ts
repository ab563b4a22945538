import type { RequestId } from '../domain/ids.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import { secretLabel } from './act-on-rights.ts';
import { actorOf } from './actor.ts';
import type { DecideDeps } from './decide-request.ts';
import type { Caller, Usage, Vault } from './ports.ts';

/** Hands the generated password to the principal, once: taking it away and writing that down are one transaction. */
export async function revealSecret(
  deps: DecideDeps & { readonly vault: Vault },
  caller: Caller,
  id: RequestId,
): Promise<Result<{ usage: Usage; password: string }>> {
  return deps.store.transaction(async (tx) => {
    const request = await tx.lockRequest(caller.org, id);
    if (request === undefined) return reject({ code: 'not-found' });
    if (request.principal.id !== caller.person.id) return reject({ code: 'not-yours' });
    const { permission, state } = request;
    const integration = deps.integrations.byName(permission.integration);
    const account = integration?.accountOf(request.principal.email);
    const isActive = state.kind === 'approved' && state.grant.state.kind === 'active';
    if (integration === undefined || account?.ok !== true || !isActive) return reject({ code: 'nothing-to-show' });
    const sealed = await tx.takeSecret(actorOf(caller), request, integration.name, account.value);
    if (sealed === undefined) return reject({ code: 'nothing-to-show' });
    const usage = integration.usage({ accessType: permission.accessType, resource: permission.resource, account: account.value });
    return accept({ usage, password: deps.vault.open(sealed, secretLabel(integration.name, account.value)) });
  });
}
