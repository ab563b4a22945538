import type { Reporter, TestModule, TestResult } from 'vitest/node';

/** Ends a run with one plain line of figures, and one for each outside part that was missing. */
export class ClosingReport implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((test) => test.result().state === state).length;
    const broken = modules.flatMap((module) => module.errors()).length;
    const reasons = new Set(tests.flatMap((test) => reasonOf(test.result())));
    const lines = [
      ...[...reasons].map((reason) => `not run: ${reason}`),
      `${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`,
    ];
    process.stdout.write(`\n${lines.join('\n')}\n`);
  }
}

const reasonOf = (result: TestResult): string[] => (result.state === 'skipped' ? [result.note ?? 'a test that gives no reason'] : []);
