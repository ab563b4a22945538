import { exportAudit, verifyAudit } from './audit-cli.ts';
import { type Config, readConfig } from './config.ts';
import { Secret } from './config/secret.ts';
import { panicCommand, panicUsage } from './panic-cli.ts';
import { checkSlack } from './slack/check-slack.ts';
import { migrate } from './store/database.ts';
import { createLog } from './telemetry.ts';

const usage = `Usage: npm run curfew -- <command>

Commands:
  check [--offline]
             read the variables and curfew.yaml, and say every problem; asks Slack, too, whether the token is good and the
             channels can be posted to, unless --offline
  migrate    bring the schema of DATABASE_URL up to date, before new processes start
  audit export [--from SEQ] [--format jsonl|cloudevents]
             write the sealed audit events to standard output, one a line
  audit verify [--file export.jsonl [--receipt receipt.json]] [--anchors audit-anchors.jsonl]
             walk the chain of DATABASE_URL, or of an export from its first event, compare it with the anchors,
             and name the first event that does not fit; then hold a revocation receipt against the export
${panicUsage}`;

const [command, ...rest] = process.argv.slice(2);
process.exitCode = await obey(command ?? '', rest);

async function obey(word: string, options: readonly string[]): Promise<number> {
  if (word === 'audit') return audit(options);
  if (word === 'panic') return saying(panicCommand, options);
  if (word === 'check' && ['', '--offline'].includes(options.join(' '))) return withConfig((config) => check(config, options.length === 0));
  if (options.length > 0) return refuse();
  switch (word) {
    case 'migrate':
      return withConfig(migrateSchema);
    case 'help':
    case '--help':
      process.stdout.write(usage);
      return 0;
    default:
      return refuse();
  }
}

async function check(config: Config, asksSlack: boolean): Promise<number> {
  const problems = asksSlack ? await slackProblems(config) : [];
  process.stderr.write(problems.map((problem) => `- ${problem}\n`).join(''));
  if (problems.length > 0) return 1;
  const targets = config.integrations.map((each) => `${each.service} ${each.name}`).join(', ');
  const onCall = Object.keys(config.onCall ?? {}).join(', ');
  process.stdout.write(
    `The configuration of ${config.org} is sound. Targets: ${targets === '' ? 'none' : targets}. On call: ${onCall === '' ? 'none' : onCall}.\n`,
  );
  return 0;
}

async function slackProblems({ slack, slackChannels }: Config): Promise<readonly string[]> {
  if (slack.kind === 'local') return [];
  if (!(slack.botToken instanceof Secret)) {
    process.stdout.write('Slack was not asked: tokens of this app are renewed, and only a running Curfew may do that.\n');
    return [];
  }
  const channels = [slackChannels.approvals, ...slackChannels.byPolicy.values()];
  return checkSlack({ botToken: slack.botToken.reveal(), apiUrl: slack.apiUrl, channels });
}

async function audit([word, ...options]: readonly string[]): Promise<number> {
  if (word !== 'export' && word !== 'verify') return refuse();
  return saying(word === 'export' ? exportAudit : verifyAudit, options);
}

/** Says a fault in one line. */
async function saying(act: (config: Config, args: readonly string[]) => Promise<number>, args: readonly string[]): Promise<number> {
  try {
    return await withConfig((config) => act(config, args));
  } catch (error) {
    process.stderr.write(`- ${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

function refuse(): number {
  process.stderr.write(usage);
  return 2;
}

async function withConfig(act: (config: Config) => Promise<number>): Promise<number> {
  const reading = await readConfig();
  if (reading.ok) return act(reading.config);
  process.stderr.write(`${reading.problems.map((problem) => `- ${problem}\n`).join('')}`);
  return 1;
}

async function migrateSchema(config: Config): Promise<number> {
  if (config.database.kind === 'embedded') {
    process.stderr.write('- DATABASE_URL is not set. The embedded database is brought up to date when Curfew starts.\n');
    return 1;
  }
  await migrate(config.database.url.reveal(), createLog(config.logLevel));
  process.stdout.write('The schema is up to date.\n');
  return 0;
}
