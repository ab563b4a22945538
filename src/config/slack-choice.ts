import { isLoopback, isUrl } from './address.ts';
import type { BotTokenChoice, SlackChoice } from './config-types.ts';
import { Secret } from './secret.ts';
import type { Report, Variables } from './variables.ts';

const rotation = ['SLACK_REFRESH_TOKEN', 'SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET'] as const;
const names = ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET', 'SLACK_API_URL', ...rotation] as const;

/**
 * In the local workspace everybody who can open its page is anyone they like.
 * Beside a real database, or where others can reach it, it must have been asked for by name (decision 6).
 */
function checkLocal(variables: Variables, host: string, report: Report): void {
  if (variables.get('CURFEW_SLACK') === 'local') return;
  const why = variables.has('DATABASE_URL') ? 'DATABASE_URL is set' : isLoopback(host) ? undefined : `HOST is ${host}`;
  if (why === undefined) return;
  report(
    `${why}, but no Slack is: set SLACK_BOT_TOKEN and SLACK_APP_TOKEN (or SLACK_SIGNING_SECRET), ` +
      'or CURFEW_SLACK=local for the local workspace, in which anybody who opens the page can act as anyone',
  );
}

function readApiUrl(variables: Variables, report: Report): string | undefined {
  const url = variables.get('SLACK_API_URL');
  if (url === undefined) return undefined;
  if (!isUrl(url, ['http:', 'https:'])) report('SLACK_API_URL must be an address such as https://slack.com/api/');
  return url.endsWith('/') ? url : `${url}/`; // the client appends the method's name
}

/** A token that lasts, or the three that an app with token rotation needs. @returns undefined where that was a problem */
function readBotToken(variables: Variables, report: Report): BotTokenChoice | undefined {
  const token = variables.get('SLACK_BOT_TOKEN');
  if (token?.startsWith('xapp-')) report('SLACK_BOT_TOKEN holds an app token (xapp-…): the bot token begins with xoxb-');
  const [refreshToken, clientId, clientSecret] = rotation.map((name) => variables.get(name));
  const given = rotation.filter((name) => variables.has(name));
  if (given.length === 0) {
    if (token === undefined) report(`SLACK_BOT_TOKEN is not set, but ${names.filter((name) => variables.has(name)).join(' and ')} is`);
    return token === undefined ? undefined : new Secret(token);
  }
  if (token !== undefined) {
    report(
      `SLACK_BOT_TOKEN is set, and so is ${given.join(' and ')}: with token rotation the bot token is not given, unset one of the two`,
    );
    return undefined;
  }
  if (refreshToken !== undefined && clientId !== undefined && clientSecret !== undefined)
    return { refreshToken: new Secret(refreshToken), clientId, clientSecret: new Secret(clientSecret) };
  report(`token rotation needs ${rotation.join(', ')}; not set: ${rotation.filter((name) => !variables.has(name)).join(', ')}`);
  return undefined;
}

function readReal(variables: Variables, report: Report): SlackChoice | undefined {
  const apiUrl = readApiUrl(variables, report);
  const botToken = readBotToken(variables, report);
  const [appToken, signingSecret] = [variables.get('SLACK_APP_TOKEN'), variables.get('SLACK_SIGNING_SECRET')];
  if (appToken?.startsWith('xoxb-')) report('SLACK_APP_TOKEN holds a bot token (xoxb-…): the app token begins with xapp-');
  const lacksWay = appToken === undefined && signingSecret === undefined;
  if (lacksWay) report('Slack needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP at /slack/events): neither is set');
  if (botToken === undefined) return undefined;
  if (appToken !== undefined) return { kind: 'socket', botToken, appToken: new Secret(appToken), apiUrl };
  if (signingSecret !== undefined) return { kind: 'http', botToken, signingSecret: new Secret(signingSecret), apiUrl };
  return undefined;
}

/** The real Slack as soon as one of its variables is set, else the local workspace. @returns undefined where that was a problem. */
export function readSlack(variables: Variables, host: string, report: Report): SlackChoice | undefined {
  const asked = variables.get('CURFEW_SLACK');
  if (asked !== undefined && asked !== 'local') report(`CURFEW_SLACK knows only "local", not ${JSON.stringify(asked)}`);
  const given = names.filter((name) => variables.has(name));
  if (given.length === 0) {
    checkLocal(variables, host, report);
    return { kind: 'local' };
  }
  if (asked === 'local')
    report(`CURFEW_SLACK=local asks for the local workspace, but ${given.join(', ')} names a real one: unset one of the two`);
  return readReal(variables, report);
}
