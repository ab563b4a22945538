import type { WebClient } from '@slack/web-api';
import type { Log, Messenger } from '../app/ports.ts';
import { apiError } from './api-error.ts';

/** It was told before, or the workflow is gone: nobody waits any more. */
const over: readonly string[] = ['execution_not_in_running_state', 'function_execution_not_found', 'access_denied'];

export const createEndStep =
  (client: WebClient, log: Log): Messenger['endStep'] =>
  async (execution, end) => {
    try {
      if (end.kind === 'failed') await client.functions.completeError({ function_execution_id: execution, error: end.why });
      else
        await client.functions.completeSuccess({
          function_execution_id: execution,
          outputs: { decision: end.decision, request_id: end.request },
        });
    } catch (error) {
      const why = apiError(error);
      if (why === undefined || !over.includes(why)) throw error;
      log.info({ execution, why }, 'a step of a workflow waits no more');
    }
  };
