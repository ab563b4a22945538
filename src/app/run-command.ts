import { type Command, parseCommand } from '../domain/command.ts';
import { parseRequestId } from '../domain/ids.ts';
import type { PreApproval } from '../domain/pre-approval.ts';
import type { PermissionRequest } from '../domain/request.ts';
import { accept, reject, type Result } from '../domain/result.ts';
import type { DecideDeps } from './decide-request.ts';
import { listCatalog } from './list-catalog.ts';
import type { Caller } from './ports.ts';
import { ownRequests, readRequest } from './read-requests.ts';
import type { PreApprovalDoors } from './pre-approvals.ts';
import type { Reply, RequestDoors, Submitted } from './use-cases.ts';

type Doors = RequestDoors & { readonly preApprovals: PreApprovalDoors };

/** The one door: Slack text and `argv` over HTTP become the same Command and reach the same use cases (decision 4). */
export async function runCommand(
  deps: DecideDeps,
  doors: Doors,
  caller: Caller,
  argv: readonly string[],
  program: string,
): Promise<Result<Reply>> {
  const parsed = parseCommand(argv, program);
  return parsed.ok ? obey(deps, doors, caller, parsed.value) : parsed;
}

async function obey(deps: DecideDeps, doors: Doors, caller: Caller, command: Command): Promise<Result<Reply>> {
  switch (command.kind) {
    case 'help':
      return accept({ kind: 'help', text: command.text });
    case 'request':
      return submitted(await doors.submitRequest(caller, { ...command, to: undefined }));
    case 'grant':
      return submitted(await doors.submitRequest(caller, command));
    case 'allow':
      return allowed(await doors.preApprovals.create(caller, command));
    case 'ls':
      return listCatalog(deps, caller, command);
    case 'status':
      return status(deps, caller, command.id);
    case 'approve':
      return withId(command.id, async (id) =>
        as('decided', await doors.decideRequest(caller, id, { kind: 'approve', duration: command.duration, digest: undefined })),
      );
    case 'deny':
      return withId(command.id, async (id) =>
        as('decided', await doors.decideRequest(caller, id, { kind: 'deny', reason: command.reason })),
      );
    case 'revoke':
      return withId(command.id, async (id) => as('ending', await doors.revokeGrant(caller, id, command.reason)));
    case 'relinquish':
      return withId(command.id, async (id) => as('ending', await doors.relinquishGrant(caller, id)));
  }
}

async function status(deps: DecideDeps, caller: Caller, id: string | undefined): Promise<Result<Reply>> {
  if (id === undefined) return accept({ kind: 'status', requests: await ownRequests(deps, caller) });
  return withId(id, async (known) => {
    const found = await readRequest(deps, caller, known);
    return found.ok ? accept({ kind: 'status', requests: [found.value] }) : found;
  });
}

/** An id that cannot be one reads like one that does not exist. */
async function withId(text: string, work: (id: PermissionRequest['id']) => Promise<Result<Reply>>): Promise<Result<Reply>> {
  const id = parseRequestId(text.toLowerCase());
  return id === undefined ? reject({ code: 'not-found' }) : work(id);
}

const as = (kind: 'decided' | 'ending', result: Result<PermissionRequest>): Result<Reply> =>
  result.ok ? accept({ kind, request: result.value }) : result;

const submitted = (result: Result<Submitted>): Result<Reply> => (result.ok ? accept({ kind: 'submitted', ...result.value }) : result);

const allowed = (result: Result<PreApproval>): Result<Reply> =>
  result.ok ? accept({ kind: 'allowed', preApproval: result.value }) : result;
