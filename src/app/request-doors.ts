import { cancelRequest } from './close-request.ts';
import { type DecideDeps, decideRequest } from './decide-request.ts';
import type { Doorway } from './doorway.ts';
import { escalateRequest } from './escalate-request.ts';
import { extendRequest } from './extend-request.ts';
import { relinquishGrant, revokeGrant } from './end-access.ts';
import { listRequests } from './list-requests.ts';
import { narrowRequest } from './narrow-request.ts';
import { nudgeRequest } from './nudge-request.ts';
import type { Vault } from './ports.ts';
import { pollRequest, readRequest } from './read-requests.ts';
import { pictureOf } from './paint.ts';
import { answerQuestion, questionRequest } from './question-request.ts';
import { revealSecret } from './reveal-secret.ts';
import { submitRequest } from './submit-request.ts';
import type { RequestDoors } from './use-cases.ts';

/** What may be done with requests and with what they gave, each behind its scope. */
export function createRequestDoors(deps: DecideDeps & { readonly vault: Vault }, door: Doorway): RequestDoors {
  return {
    submitRequest: door({ scope: 'command', attempt: 'request.submit' }, (caller, draft) => submitRequest(deps, caller, draft)),
    decideRequest: door({ scope: 'requests:decide', attempt: 'request.decide', about: ([id]) => id }, (caller, id, verdict) =>
      decideRequest(deps, caller, id, verdict),
    ),
    cancelRequest: door({ scope: 'command', attempt: 'request.cancel', about: ([id]) => id }, (caller, id) =>
      cancelRequest(deps.store, caller, id),
    ),
    extendRequest: door({ scope: 'command', attempt: 'request.extend', about: ([id]) => id }, (caller, id, more) =>
      extendRequest(deps, caller, id, more),
    ),
    escalateRequest: door({ scope: 'command', attempt: 'request.escalate', about: ([id]) => id }, (caller, id, reason) =>
      escalateRequest(deps, caller, id, reason),
    ),
    nudgeRequest: door({ scope: 'command', attempt: 'request.nudge', about: ([id]) => id }, (caller, id) =>
      nudgeRequest(deps.store, caller, id),
    ),
    narrowRequest: door({ scope: 'requests:decide', attempt: 'request.narrow', about: ([id]) => id }, (caller, id, to) =>
      narrowRequest(deps, caller, id, to),
    ),
    questionRequest: door({ scope: 'requests:decide', attempt: 'request.question', about: ([id]) => id }, (caller, id, text) =>
      questionRequest(deps, caller, id, text),
    ),
    answerQuestion: door({ scope: 'command', attempt: 'request.answer', about: ([id]) => id }, (caller, id, answer) =>
      answerQuestion(deps, caller, id, answer),
    ),
    revokeGrant: door({ scope: 'requests:decide', attempt: 'grant.revoke', about: ([id]) => id }, (caller, id, reason) =>
      revokeGrant(deps, caller, id, reason),
    ),
    relinquishGrant: door({ scope: 'command', attempt: 'grant.relinquish', about: ([id]) => id }, (caller, id) =>
      relinquishGrant(deps, caller, id),
    ),
    revealSecret: door({ scope: 'command', attempt: 'secret.show', about: ([id]) => id }, (caller, id) => revealSecret(deps, caller, id)),
    pollRequest: door({ scope: 'command', attempt: 'request.poll', about: ([id]) => id }, (caller, id) => pollRequest(deps, caller, id)),
    listRequests: door({ scope: 'requests:read', attempt: 'request.list' }, (caller, query) => listRequests(deps, caller, query)),
    pictureOf: door({ scope: 'requests:read', attempt: 'request.read', about: ([id]) => id }, (caller, id) => pictureOf(deps, caller, id)),
    readRequest: door({ scope: 'requests:read', attempt: 'request.read', about: ([id]) => id }, (caller, id) =>
      readRequest(deps, caller, id),
    ),
  };
}
