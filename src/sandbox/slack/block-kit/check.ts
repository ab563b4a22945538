import { randomBytes } from 'node:crypto';
import type { z } from 'zod';
import { isJson, type Json } from '../json.ts';
import type { KnownBlock } from './blocks.ts';
import { checkPlacement, type Problem } from './placement.ts';
import { knownView, type KnownView, messageBlocks } from './view.ts';

/** A block as it is kept: checked, and with the ids that Slack gives where the app gave none. */
export type Block = Json & { type: string; block_id: string };
export type Checked<T> = { ok: true; value: T } | { ok: false; problems: string[] };

const VIEW_BYTES = 250_000;

function toPointer(path: PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

function toSentence(problem: { path: PropertyKey[]; message: string }, prefix: string): string {
  return `[ERROR] ${problem.message} [json-pointer:${prefix}${toPointer(problem.path)}]`;
}

function toProblem(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  const last = issue.path.at(-1);
  if (issue.code === 'unrecognized_keys') return { path: issue.path, message: `invalid additional property: ${issue.keys.join(', ')}` };
  if (issue.code === 'invalid_type' && issue.message.endsWith('received undefined') && last !== undefined) {
    return { path: issue.path.slice(0, -1), message: `missing required field: ${String(last)}` };
  }
  if (issue.code === 'invalid_union' && last === 'type') return { path: issue.path, message: 'unsupported type' };
  if (issue.code === 'too_big' && issue.origin === 'array')
    return { path: issue.path, message: `no more than ${issue.maximum} items allowed` };
  if (issue.code === 'too_small' && issue.origin === 'array')
    return { path: issue.path, message: `must have at least ${issue.minimum} items` };
  return { path: issue.path, message: issue.message };
}

function newId(): string {
  return randomBytes(4).toString('base64url');
}

function withActionId(element: unknown): unknown {
  if (!isJson(element) || element['type'] === 'image' || element['action_id'] !== undefined) return element;
  return { ...element, action_id: newId() };
}

function keep(block: KnownBlock): Block {
  const kept: Block = { ...block, block_id: block.block_id ?? newId() };
  if (block.type === 'actions') kept['elements'] = block.elements.map(withActionId);
  if (block.type === 'input') kept['element'] = withActionId(block.element);
  if (block.type === 'section' && block.accessory !== undefined) kept['accessory'] = withActionId(block.accessory);
  return kept;
}

/** The blocks of a message, or Slack's own list of what is wrong with them (each with a JSON pointer). */
export function checkMessageBlocks(value: unknown): Checked<Block[]> {
  const parsed = messageBlocks.safeParse(value);
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.map((issue) => toSentence(toProblem(issue), '/blocks')) };
  const problems = checkPlacement(parsed.data, 'message');
  if (problems.length > 0) return { ok: false, problems: problems.map((problem) => toSentence(problem, '')) };
  return { ok: true, value: parsed.data.map(keep) };
}

function checkSubmit(view: KnownView): Problem[] {
  if (view.type !== 'modal' || view.submit !== undefined) return [];
  if (!view.blocks.some((block) => block.type === 'input')) return [];
  return [{ path: ['submit'], message: 'missing required field: submit is needed where the modal has input blocks' }];
}

/** A view for a modal or the home tab, or Slack's list of what is wrong with it. `view_too_large` is a problem of its own. */
export function checkView(value: unknown): Checked<{ view: KnownView; blocks: Block[] }> & { tooLarge?: boolean } {
  if (Buffer.byteLength(JSON.stringify(value ?? null)) > VIEW_BYTES) return { ok: false, problems: [], tooLarge: true };
  const parsed = knownView.safeParse(value);
  if (!parsed.success) return { ok: false, problems: parsed.error.issues.map((issue) => toSentence(toProblem(issue), '/view')) };
  const view = parsed.data;
  const problems = [...checkPlacement(view.blocks, view.type === 'home' ? 'home' : 'modal'), ...checkSubmit(view)];
  if (problems.length > 0) return { ok: false, problems: problems.map((problem) => toSentence(problem, '/view')) };
  return { ok: true, value: { view, blocks: view.blocks.map(keep) } };
}
