import type { Config } from './config.ts';

/** What runs where, in a few lines for whoever started it. */
export function banner(config: Config, url: string, notes: readonly string[]): string {
  const local = config.slack.kind === 'local';
  const lines = [
    `Curfew runs as ${[...config.roles].join(' and ')}, on Node ${process.versions.node}`,
    ...(local ? [`  open       ${url}/sandbox`] : []),
    `  database   ${config.database.kind === 'embedded' ? `embedded PostgreSQL in ${config.database.dataDir} (for trial; production sets DATABASE_URL)` : 'DATABASE_URL'}`,
    `  queue      BullMQ on ${config.queue.kind === 'redis' ? 'Redis' : 'that PostgreSQL'}`,
    `  slack      ${slackLine(config)}`,
    `  api        ${url}/o/${config.org}${config.bootstrapKey === undefined ? ' (set CURFEW_BOOTSTRAP_KEY to call it)' : ''}`,
    `  rules      ${config.isSample ? 'the sample configuration (CURFEW_CONFIG names another)' : 'CURFEW_CONFIG'}`,
    ...notes.map((note) => `  note       ${note}`),
  ];
  return `\n${lines.join('\n')}\n\n`;
}

function slackLine({ slack }: Config): string {
  switch (slack.kind) {
    case 'local':
      return 'a local workspace that stands in for Slack (SLACK_BOT_TOKEN connects a real one)';
    case 'socket':
      return 'Socket Mode';
    case 'http':
      return 'signed HTTP at /slack/events';
  }
}
