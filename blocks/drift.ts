/** What somebody else has changed at targets: a message to owners and approvers, and an entry of their home tab. */
import type { KnownBlock } from '@slack/types';
import type { DriftReport, DriftResponse, Finding, Findings, OrphanFinding } from '../src/domain/drift.ts';
import { type Message, message, paragraph, title } from './kit.ts';
import { type Line, bold, date, line, onOneLine, words } from './line.ts';

/** Of one integration, kept true: once nothing of it is left, it says so. */
export function drift(report: DriftReport): Message {
  const { integration, removed, orphans, response } = report;
  if (removed.count + orphans.count === 0) {
    // Forgotten, because nobody can tell whether it is still so.
    const said = response === undefined ? line('⚪ ', bold(integration), ': ', unwatched) : line('✅ ', bold(integration), settledThere);
    const settled = [line(said, ' The audit log says what it was.')];
    return message(settled, [paragraph(...settled)]);
  }
  const heading = line('⚠️ ', bold('Changed by somebody else'), ' at ', bold(integration));
  const ofRemoved = removed.count === 0 ? [] : [removedLine(removed.count), ...removedRows(removed, false), afterRemoval(response)];
  const ofOrphans = orphans.count === 0 ? [] : [orphansLine(orphans.count), ...orphanRows(orphans, false), afterOrphans(response)];
  return message(
    [heading, ...ofRemoved, ...ofOrphans],
    [paragraph(heading), ...[ofRemoved, ofOrphans].flatMap((lines) => (lines.length === 0 ? [] : [paragraph(...lines)]))],
  );
}

/** Of all integrations. */
export function driftBlocks({ removed, orphans }: Findings): KnownBlock[] {
  return [
    title(`⚠️ Changed by somebody else at targets: ${removed.count + orphans.count}`),
    ...(removed.count === 0 ? [] : [paragraph(removedLine(removed.count), ...removedRows(removed, true))]),
    ...(orphans.count === 0 ? [] : [paragraph(orphansLine(orphans.count), ...orphanRows(orphans, true))]),
  ];
}

const settledThere = ': what somebody else changed there is settled.';
const unwatched = 'it is not configured any more, so nobody looks at it, and what somebody else changed there is not shown.';

const removedLine = (count: number): Line =>
  line(bold('Removed'), count === 1 ? ': 1 right that should be there' : `: ${count} rights that should be there`);
const orphansLine = (count: number): Line =>
  line(
    bold('Orphaned'),
    count === 1 ? ': 1 thing with our mark that no right wants' : `: ${count} things with our mark that no right wants`,
  );

const removedRows = ({ count, shown }: Findings['removed'], isNamed: boolean): readonly Line[] => [
  ...shown.map((each) => line('• ', what(each, isNamed), ', found ', date(each.foundAt))),
  ...left(count - shown.length),
];

const orphanRows = ({ count, shown }: Findings['orphans'], isNamed: boolean): readonly Line[] => [
  ...shown.map((each) => line('• ', what(each, isNamed), ', found ', date(each.foundAt), about(each))),
  ...left(count - shown.length),
];

const left = (count: number): readonly Line[] => (count > 0 ? [words(`• and ${count} more`)] : []);

function what({ integration, accessType, resource, account }: Finding, isNamed: boolean): Line {
  const of =
    resource === ''
      ? line('the account ', bold(account), ' itself')
      : line(`${onOneLine(accessType, 50)} `, bold(resource), ' of account ', bold(account));
  return isNamed ? line(of, ' on ', bold(integration)) : of;
}

function about({ isOurs, problem }: OrphanFinding): string {
  const whose = isOurs ? '' : '; it may be older than Curfew or somebody else’s, so it is only told';
  return problem === undefined ? whose : `${whose}; last try to remove it: ${onOneLine(problem, 100)}`;
}

function afterRemoval(response: DriftResponse | undefined): Line {
  switch (response) {
    case 'repair':
      return words('They are given again, with the end that they had.');
    case 'adopt':
      return words('Their grants end with that.');
    case undefined:
      return words('It is not configured any more, so nobody looks at it: revoke the grants.');
    case 'alert':
      return words('Nothing is done about it: revoke the grants, or have them given again (drift: repair).');
  }
}

function afterOrphans(response: DriftResponse | undefined): Line {
  switch (response) {
    case 'repair':
      return words('What is ours beyond doubt is removed, with its open sessions.');
    case undefined:
      return words('It is not configured any more, so nobody looks at it: remove it by hand.');
    case 'adopt':
    case 'alert':
      return words('Nothing is done about it: remove it by hand, or have it removed (drift: repair).');
  }
}
