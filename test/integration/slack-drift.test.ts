import { expect, it } from 'vitest';
import type { DriftReport } from '../../src/domain/drift.ts';
import { instant } from '../../src/domain/time.ts';
import { must } from '../support/http-app.ts';
import { startSlackApp } from '../support/slack-app.ts';
import { email } from '../support/world.ts';

// What somebody else has changed at a target, as Slack has it.

const found = {
  integration: 'sample',
  accessType: 'role',
  resource: 'readwrite',
  account: 'mallory',
  foundAt: instant(Date.UTC(2026, 0, 1)),
};
const report: DriftReport = {
  integration: 'sample',
  response: 'alert',
  removed: { count: 12, shown: [{ ...found, account: 'bob' }] },
  orphans: { count: 1, shown: [{ ...found, isOurs: false, problem: undefined }] },
};
const settled: DriftReport = { ...report, removed: { count: 0, shown: [] }, orphans: { count: 0, shown: [] } };
const alice = email('alice@example.com');
const begun: string[] = [];
const witness = { begin: async (channel: string) => void begun.push(channel), refused: async () => void begun.pop() };

it('is posted in the channel of the approvers and to owners, found again, and redrawn', async () => {
  await using running = await startSlackApp('socket', {});
  const { drift } = running.app.messenger;
  const as = running.slack.workspace.as('alice');
  const shown = () => [as.messages('approvals'), as.dm()].map((messages) => messages.map(({ text }) => text));
  const posted = [await drift.post('7', undefined, report, witness), await drift.post('7', alice, report, witness)];
  expect(begun).toEqual(posted.map(({ channel }) => channel));
  for (const texts of shown()) {
    expect(texts).toHaveLength(1);
    expect(texts[0]).toContain('Removed: 12 rights that should be there\n• role readwrite of account bob, found');
    expect(texts[0]).toContain('• and 11 more\nNothing is done about it');
    expect(texts[0]).toContain('Orphaned: 1 thing with our mark that no right wants\n• role readwrite of account mallory, found');
    expect(texts[0]).toContain('it may be older than Curfew or somebody else’s');
  }
  for (const [index, place] of [undefined, alice].entries()) {
    const ref = must(posted[index]);
    const attempt = { kind: 'attempted', place, channel: ref.channel, startedAt: instant(Date.now()) } as const;
    expect(await drift.find('7', attempt)).toEqual(ref);
    expect(await drift.find('8', attempt)).toBeUndefined();
    await drift.redraw(ref, settled, async () => undefined);
  }
  const over = '✅ sample: what somebody else changed there is settled. The audit log says what it was.';
  expect(shown()).toEqual([[over], [over]]);
});
