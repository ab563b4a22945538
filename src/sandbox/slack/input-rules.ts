import type { Block } from './block-kit/check.ts';
import { elementsOf } from './elements.ts';
import { isEmptyState } from './element-state.ts';
import { type Json, textOf } from './json.ts';
import type { Values } from './state.ts';

const NUMBER = /^-?\d+(\.\d+)?$/;

function limit(value: unknown): number | undefined {
  const number = typeof value === 'number' ? value : Number(textOf(value) || Number.NaN);
  return Number.isNaN(number) ? undefined : number;
}

function textProblem(element: Json, text: string): string | undefined {
  const length = Array.from(text).length;
  const least = limit(element['min_length']);
  const most = limit(element['max_length']);
  if (least !== undefined && length < least) return `Must be at least ${least} characters.`;
  if (most !== undefined && length > most) return `Must be at most ${most} characters.`;
  return undefined;
}

function numberProblem(element: Json, text: string): string | undefined {
  if (!NUMBER.test(text)) return 'Please enter a number.';
  if (element['is_decimal_allowed'] !== true && text.includes('.')) return 'Please enter a whole number.';
  const least = limit(element['min_value']);
  const most = limit(element['max_value']);
  if (least !== undefined && Number(text) < least) return `Must be at least ${least}.`;
  if (most !== undefined && Number(text) > most) return `Must be at most ${most}.`;
  return undefined;
}

function problemOf(element: Json, text: string): string | undefined {
  if (element['type'] === 'plain_text_input') return textProblem(element, text);
  if (element['type'] === 'number_input') return numberProblem(element, text);
  if (element['type'] === 'email_text_input' && !/^[^\s@]+@[^\s@]+$/.test(text)) return 'Please enter an e-mail address.';
  if (element['type'] === 'url_text_input' && !URL.canParse(text)) return 'Please enter a URL.';
  return undefined;
}

/** What Slack's own client refuses before the app hears of it: block_id → sentence. */
export function inputProblems(blocks: readonly Block[], values: Values): Record<string, string> {
  const problems: Record<string, string> = {};
  for (const { block, element } of elementsOf(blocks)) {
    if (block.type !== 'input') continue;
    const state = values[block.block_id]?.[element.action_id];
    if (isEmptyState(state)) {
      if (block['optional'] !== true) problems[block.block_id] = 'Please complete this required field.';
      continue;
    }
    const problem = problemOf(element, textOf(state?.['value']));
    if (problem !== undefined) problems[block.block_id] = problem;
  }
  return problems;
}
