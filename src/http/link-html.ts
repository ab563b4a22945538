/** The pages on which a Slack account is linked. */
import type { ShownAccount } from '../app/sign-in-store.ts';
import { html, type Html } from './html.ts';

type Page = { readonly title: string; readonly body: Html; readonly formAction?: "'self'" | "'self' https:" };
export type Problem = { readonly status: number; readonly title: string; readonly text: string };

const longestShown = 80;
const clip = (text: string): string => (text.length > longestShown ? `${text.slice(0, longestShown - 1)}…` : text);

const account = ({ workspace, name }: ShownAccount): Html =>
  html`<dt>Slack account</dt><dd>${clip(name)}</dd><dt>Workspace</dt><dd>${clip(workspace)}</dd>`;

/** Opening the link uses nothing up: programs that look at links for people open it too. */
export const startPage = (shown: ShownAccount): Page => ({
  title: 'Sign in to link your Slack account',
  body: html`<dl>${account(shown)}</dl>
<p>You sign in with your organisation, and are asked once more before anything is linked.</p>
<p class="warning">Go on only if this is your own account, and you asked for this link in Slack a moment ago. If somebody sent it to you, close this page.</p>
<form method="post"><button>Sign in</button></form>`,
  formAction: "'self' https:",
});

export function confirmPage({ shown, email, mark }: { readonly shown: ShownAccount; readonly email: string; readonly mark: string }): Page {
  const isOther = shown.email !== undefined && shown.email.toLowerCase() !== email.toLowerCase();
  const warning = isOther
    ? html`<p class="warning">Slack shows another address for that account: ${clip(shown.email)}. Are you sure that it is yours?</p>`
    : html``;
  return {
    title: 'Link this Slack account to you?',
    body: html`<dl>${account(shown)}<dt>You signed in as</dt><dd>${email}</dd></dl>
<p>Whoever uses that Slack account will be able to ask for access and decide about it <strong>in your name</strong>.</p>
${warning}
<form method="post" action="confirm"><input type="hidden" name="mark" value="${mark}"><button>Link this account to me</button></form>
<p>If it is not yours, close this page. Nothing is linked then.</p>`,
    formAction: "'self'",
  };
}

export const donePage = (email: string): Page => ({
  title: 'Your Slack account is linked',
  body: html`<p>It now stands for <strong>${email}</strong>. You can close this page and go on in Slack.</p>`,
});

export const problemPage = ({ title, text }: Problem): Page => ({ title, body: html`<p>${text}</p>` });

const again = 'Ask for a new one in Slack with the command that ends in “link”.';

/** By what went wrong. What a provider said is never repeated. */
export const problems = {
  gone: {
    status: 410,
    title: 'This link is not good any more',
    text: `It was used already, it is too old, or a part of it is missing. ${again}`,
  },
  foreign: {
    status: 400,
    title: 'This browser did not begin this sign-in',
    text: `Open the link that you were given in Slack, and go to the end in the same browser, with cookies allowed. ${again}`,
  },
  refused: {
    status: 403,
    title: 'You were not signed in',
    text: `Your organisation’s identity provider did not let you in, or gave an answer that is not good. Nothing was linked. Open the link once more, or ask for a new one in Slack.`,
  },
  unverified: {
    status: 403,
    title: 'Your address is not verified',
    text: 'The identity provider gave no e-mail address for you, or one that it does not vouch for. Nothing was linked. Ask an administrator of your organisation.',
  },
  unavailable: {
    status: 503,
    title: 'The identity provider does not answer',
    text: 'Nothing was linked. Open the link once more in a minute.',
  },
  taken: {
    status: 409,
    title: 'This account is somebody else’s',
    text: 'That Slack account is linked to somebody else already. If it is yours, take that link back first, or ask an owner to.',
  },
  'second-account': {
    status: 409,
    title: 'You have another Slack account',
    text: 'Another account of that workspace is linked to you already. Use that one, or ask an owner to take its link back.',
  },
  'other-person': {
    status: 409,
    title: 'Two people have your address',
    text: 'You signed in with an account that was somebody with another address, and your address is somebody else’s here. Nothing was linked. Ask an owner.',
  },
  malformed: {
    status: 400,
    title: 'That cannot be read',
    text: 'What the browser sent is not what the page would send. Open the link once more.',
  },
  busy: { status: 429, title: 'Too many at once', text: 'Wait a minute, and open the link once more.' },
  fault: {
    status: 500,
    title: 'Something went wrong',
    text: 'That is our fault. An administrator finds it in the log. Open the link once more.',
  },
} as const satisfies Record<string, Problem>;
export type ProblemName = keyof typeof problems;
