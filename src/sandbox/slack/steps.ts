import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { VERIFICATION_TOKEN } from './courier.ts';
import type { Hub } from './hub.ts';
import { type Json, textOf } from './json.ts';
import { APP } from './people.ts';
import { type Method, missing, refuse } from './web-api/method.ts';

const parameters = z.object({
  properties: z.record(z.string(), z.object({ type: z.string() })),
  required: z.array(z.string()).default([]),
});
/** `functions` of the manifest, by callback id. */
export const stepFunctions = z.record(
  z.string(),
  z.object({ title: z.string(), description: z.string(), input_parameters: parameters, output_parameters: parameters }),
);
export type StepFunctions = z.infer<typeof stepFunctions>;
type Parameters = z.infer<typeof parameters>;

export type Execution = { id: string; callbackId: string; state: 'running' | 'completed' | 'failed'; outputs: Json; error: string };

/** Steps of workflows that this app has, and those that run or ran. */
export type Steps = { functions: StepFunctions; executions: Map<string, Execution> };

export const createSteps = (functions: StepFunctions | undefined): Steps => ({ functions: functions ?? {}, executions: new Map() });

const listed = ({ properties, required }: Parameters): Json[] =>
  Object.entries(properties).map(([name, { type }]) => ({ name, type, is_required: required.includes(name) }));

/** A workflow comes to the step. It runs until the app completes it. */
export async function runStep(hub: Hub, callbackId: string, inputs: Json): Promise<Execution> {
  const step = hub.steps.functions[callbackId];
  if (step === undefined) throw new Error(`the manifest has no function ${callbackId}`);
  const lacking = step.input_parameters.required.filter((name) => !(name in inputs));
  const strange = Object.keys(inputs).filter((name) => !Object.hasOwn(step.input_parameters.properties, name));
  // Workflow Builder lets nobody publish such a step.
  if (lacking.length + strange.length > 0) throw new Error(`wrong inputs: ${[...lacking, ...strange].join(', ')}`);
  const id = `Fx${randomBytes(6).toString('hex').toUpperCase()}`;
  const execution: Execution = { id, callbackId, state: 'running', outputs: {}, error: '' };
  hub.steps.executions.set(id, execution);
  await hub.courier.deliverEvent({
    type: 'function_executed',
    function: {
      id: 'Fn0LOCAL01',
      callback_id: callbackId,
      title: step.title,
      description: step.description,
      type: 'app',
      input_parameters: listed(step.input_parameters),
      output_parameters: listed(step.output_parameters),
      app_id: APP.id,
      date_created: 1_700_000_000,
      date_updated: 1_700_000_000,
      date_deleted: 0,
    },
    inputs,
    function_execution_id: id,
    workflow_execution_id: `Wx${randomBytes(6).toString('hex').toUpperCase()}`,
    bot_access_token: `xwfp-${VERIFICATION_TOKEN}`,
  });
  return execution;
}

function running({ steps }: Hub, args: Json): Execution | ReturnType<typeof refuse> {
  const id = textOf(args['function_execution_id']);
  if (id === '') return missing('function_execution_id');
  const execution = steps.executions.get(id);
  if (execution === undefined) return refuse('function_execution_not_found');
  return execution.state === 'running' ? execution : refuse('execution_not_in_running_state');
}

/** Form posts carry it as JSON. */
function outputsOf(given: unknown): Json | undefined {
  const parsed = z.record(z.string(), z.unknown()).safeParse(typeof given === 'string' ? toJson(given) : given);
  return parsed.success ? parsed.data : undefined;
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // No JSON, so no outputs.
    return undefined;
  }
}

const completeSuccess: Method = (hub, args) => {
  const execution = running(hub, args);
  if ('ok' in execution) return execution;
  const outputs = outputsOf(args['outputs']);
  if (outputs === undefined) return missing('outputs');
  const { properties, required } = hub.steps.functions[execution.callbackId]?.output_parameters ?? { properties: {}, required: [] };
  const isWrong =
    required.some((name) => !(name in outputs)) ||
    Object.entries(outputs).some(([name, value]) => properties[name]?.type !== 'string' || typeof value !== 'string');
  if (isWrong) return refuse('parameter_validation_failed');
  Object.assign(execution, { state: 'completed', outputs });
  hub.state.changed();
  return { ok: true };
};

const completeError: Method = (hub, args) => {
  const execution = running(hub, args);
  if ('ok' in execution) return execution;
  const error = textOf(args['error']);
  if (error === '') return missing('error');
  Object.assign(execution, { state: 'failed', error });
  hub.state.changed();
  return { ok: true };
};

export const stepMethods: Record<string, Method> = {
  'functions.completeSuccess': completeSuccess,
  'functions.completeError': completeError,
};
