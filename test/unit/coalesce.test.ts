import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { coalesce } from '../../src/store/coalesce.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** What was asked together, each to be answered when the test says so. */
function open({ most = 3, patienceMs = 25 } = {}) {
  const batches: { readonly questions: readonly string[]; answer(): Promise<void>; fail(error: Error): Promise<void> }[] = [];
  const ask = coalesce(
    (questions: readonly string[]) =>
      new Promise<readonly string[]>((resolve, reject) => {
        const settled = async (settle: () => void): Promise<void> => {
          settle();
          await vi.advanceTimersByTimeAsync(0);
        };
        batches.push({
          questions,
          answer: () => settled(() => resolve(questions.map((each) => each.toUpperCase()))),
          fail: (error) => settled(() => reject(error)),
        });
      }),
    { most, patienceMs },
  );
  return { ask, batches, asked: () => batches.map(({ questions }) => questions) };
}

describe('questions that come together', () => {
  it('are asked together, once those before them are answered, and each gets its own answer', async () => {
    const { ask, batches, asked } = open();
    const answers = ['a', 'b', 'c'].map(ask);
    expect(asked()).toEqual([['a']]);
    await batches[0]?.answer();
    expect(asked()).toEqual([['a'], ['b', 'c']]);
    await batches[1]?.answer();
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C']);
  });

  it('never join what was asked already', async () => {
    const { ask, batches, asked } = open();
    void ask('a');
    const again = ask('a');
    await batches[0]?.answer();
    expect(asked()).toEqual([['a'], ['a']]);
    await batches[1]?.answer();
    expect(await again).toBe('A');
  });

  it('are no more than the bound', async () => {
    const { ask, batches, asked } = open({ most: 2 });
    const answers = ['a', 'b', 'c', 'd'].map(ask);
    expect(asked()).toEqual([['a'], ['b', 'c']]);
    await batches[1]?.answer();
    await batches[0]?.answer();
    await batches[2]?.answer();
    expect(await Promise.all(answers)).toEqual(['A', 'B', 'C', 'D']);
  });

  it('wait no longer than the bound for what hangs', async () => {
    const { ask, batches, asked } = open();
    void ask('a');
    const second = ask('b');
    await vi.advanceTimersByTimeAsync(24);
    expect(asked()).toEqual([['a']]);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked()).toEqual([['a'], ['b']]);
    await batches[1]?.answer();
    expect(await second).toBe('B');
  });

  it('are asked at once when nothing is under way', async () => {
    const { ask, batches, asked } = open();
    for (const each of ['a', 'b']) {
      void ask(each);
      await batches.at(-1)?.answer();
    }
    expect(asked()).toEqual([['a'], ['b']]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

it('questions that have to be apart are asked apart, and none is forgotten', async () => {
  const batches: (readonly string[])[] = [];
  const ask = coalesce(
    async (questions: readonly string[]) => {
      batches.push(questions);
      return questions;
    },
    { most: 5, patienceMs: 25, apart: (question) => question.slice(0, 1) },
  );
  const questions = ['a1', 'a2', 'a3', 'b1', 'c1'];
  expect(await Promise.all(questions.map(ask))).toEqual(questions);
  expect(batches).toEqual([['a1'], ['a2', 'b1', 'c1'], ['a3']]);
});

describe('a failure', () => {
  it('is told to those who were asked together, and to nobody else', async () => {
    const { ask, batches } = open();
    const answers = Promise.allSettled(['a', 'b', 'c'].map(ask));
    await batches[0]?.answer();
    await batches[1]?.fail(new Error('gone'));
    const after = ask('d');
    await batches[2]?.answer();
    expect(await answers).toMatchObject([{ value: 'A' }, { reason: { message: 'gone' } }, { reason: { message: 'gone' } }]);
    expect(await after).toBe('D');
  });

  it('is an answer that is missing', async () => {
    const ask = coalesce(async () => [], { most: 3, patienceMs: 25 });
    await expect(ask('a')).rejects.toThrow('1 were asked, 0 answered');
  });
});
