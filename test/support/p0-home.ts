import { type P0Login, type P0Run, p0Client } from './p0-client.ts';

/** `p0` in one home folder: `login` leaves something there that the other commands use. */
export type P0Home = (...words: string[]) => Promise<P0Run>;

/** A home without a log-in. `appUrl` is asked first, `certificate` is to be believed, and files belong in `folder`. */
export type OpenP0Home = (place: { readonly appUrl: string; readonly certificate: string; readonly folder: string }) => Promise<P0Home>;

type Answer = Readonly<Record<string, unknown>>;

/** The published command's log-in by device flow, as it is seen from the two servers. This process believes the certificate. */
export const p0Home: OpenP0Home = async ({ appUrl }) => {
  let login: P0Login | undefined;
  return async (...words) => {
    const [command, org = ''] = words;
    if (command !== 'login') {
      if (login === undefined) return failed('not logged in');
      return p0Client()(login, ...words);
    }
    await readJson(`${appUrl}/cli/version`);
    const first = await readJson(`${appUrl}/orgs/${org}`);
    if (first['error'] !== undefined) return failed(`Could not find organization: ${org}`);
    // It really does ask twice.
    const { auth, config, useProviderToken } = await readJson(`${appUrl}/orgs/${org}`);
    const { type, provider } = auth as { type: string; provider?: Record<string, string> };
    if (type !== 'sso' || provider?.['ssoProvider'] !== 'oidc-pkce' || provider['providerType'] !== 'okta' || useProviderToken !== true)
      return failed('there is no way to log in');
    const token = await deviceFlow(`https://${provider['providerDomain']}`, provider['clientId'] ?? '');
    if (typeof token['access_token'] !== 'string') return failed(String(token['error']));
    const { appUrl: url } = config as { appUrl: string };
    const bearer = { authorization: `Bearer ${token['access_token']}`, 'content-type': 'application/json' };
    const account = await readJson(`${url}/o/${org}/account`, { headers: bearer });
    if ('error' in account) return failed(`Could not find organization: ${org}`);
    login = { url, org, token: token['access_token'] };
    return { exit: 0, stdout: '', stderr: 'You are now logged in' };
  };
};

const failed = (stderr: string): P0Run => ({ exit: 1, stdout: '', stderr });

async function readJson(url: string, init: RequestInit = {}): Promise<Answer> {
  const answer: unknown = await (await fetch(url, init)).json();
  return answer as Answer;
}

const scope = 'openid email profile okta.apps.sso';
const grantType = 'urn:ietf:params:oauth:grant-type:device_code';

/** Asks for the token until the answer is more than that it is pending. */
async function deviceFlow(issuer: string, clientId: string): Promise<Answer> {
  const post = (path: string, form: Record<string, string>) =>
    readJson(`${issuer}/oauth2/v1/${path}`, { method: 'POST', body: new URLSearchParams(form) });
  const started = await post('device/authorize', { client_id: clientId, scope });
  const asking = { client_id: clientId, device_code: String(started['device_code']), grant_type: grantType };
  for (;;) {
    const token = await post('token', asking);
    if (token['error'] !== 'authorization_pending') return token;
  }
}
