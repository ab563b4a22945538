import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { trust } from '../support/https.ts';
import { must } from '../support/http-app.ts';
import { type Browser, createBrowser, type Shown } from '../support/page-browser.ts';
import type { RunningCurfew } from '../support/running-curfew.ts';
import { linkFor, linksOf, type Oidc, signIn, startBeside } from '../support/sign-in.ts';
import { startSignInProvider } from '../support/sign-in-provider.ts';

let oidc: Oidc;
let running: RunningCurfew;
let trusted: Disposable;
const people = [
  { id: 'U0ERIN001', name: 'erin', email: '' },
  { id: 'U0EVIL001', name: 'mallory', realName: '<script>alert("x")</script>' },
];
beforeAll(async () => {
  oidc = await startSignInProvider({ inIdToken: true });
  trusted = trust(oidc.certificate);
  // Vouched for or not: who has no confirmed address signs in.
  running = await startBeside(oidc, 'http', { linkByEmail: true, slack: { people } });
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  await oidc[Symbol.asyncDispose]();
  trusted[Symbol.dispose]();
});
beforeEach(() => {
  oidc.decision = { allow: 'erin' };
  oidc.claims.clear();
});

const at = (path: string): string => `${running.curfew.url}/link/${path}`;
const links = () => linksOf(running);
const expireAll = () => running.curfew.pool.query(`update sign_ins set expires_at = clock_timestamp()`);
const post = (body: string, type = 'application/x-www-form-urlencoded'): RequestInit => ({
  method: 'POST',
  body,
  headers: { 'content-type': type },
});
/** To the page that asks once more. */
async function signedIn(): Promise<{ browser: Browser; confirm: Shown; link: string }> {
  const browser = createBrowser();
  const link = await linkFor(running, 'erin');
  const confirm = await signIn(link, browser);
  expect(confirm.status).toBe(200);
  return { browser, confirm, link };
}
/** At the provider, which has decided; where it leads back to is not opened yet. */
async function beforeCallback(): Promise<{ browser: Browser; callback: URL }> {
  const browser = createBrowser();
  browser.stopAt(at('callback'));
  const { url } = await signIn(await linkFor(running, 'erin'), browser);
  browser.stopAt(undefined);
  return { browser, callback: new URL(url) };
}

const bad: Record<string, () => Promise<{ page: Shown; status: number; words: string }>> = {
  'a link that was never made': async () => ({
    page: await createBrowser().go(at('x'.repeat(43))),
    status: 410,
    words: 'not good any more',
  }),
  'a link that is none': async () => ({
    page: await createBrowser().go(at(`${'x'.repeat(5_000)}%00`)),
    status: 410,
    words: 'not good any more',
  }),
  'a beginning with a link that is none': async () => ({
    page: await createBrowser().go(at('-'), post('')),
    status: 410,
    words: 'not good any more',
  }),
  'a link that is too old': async () => {
    const link = await linkFor(running, 'erin');
    await expireAll();
    return { page: await createBrowser().go(link), status: 410, words: 'not good any more' };
  },
  'a page whose link has become too old': async () => {
    const browser = createBrowser();
    const page = await browser.go(await linkFor(running, 'erin'));
    await expireAll();
    return { page: await browser.submit(page), status: 410, words: 'not good any more' };
  },
  'a sign-in that took too long': async () => {
    const { browser, callback } = await beforeCallback();
    await expireAll();
    return { page: await browser.go(callback.href), status: 410, words: 'not good any more' };
  },
  'a confirmation that took too long': async () => {
    const { browser, confirm } = await signedIn();
    await expireAll();
    return { page: await browser.submit(confirm), status: 410, words: 'not good any more' };
  },
  'an answer without a cookie': async () => {
    const { callback } = await beforeCallback();
    return { page: await createBrowser().go(callback.href), status: 400, words: 'did not begin' };
  },
  'the answer to what another browser began': async () => {
    const [{ browser }, { callback }] = [await beforeCallback(), await beforeCallback()];
    return { page: await browser.go(callback.href), status: 400, words: 'did not begin' };
  },
  'an answer with another state': async () => {
    const { browser, callback } = await beforeCallback();
    callback.searchParams.set('state', 'x'.repeat(43));
    return { page: await browser.go(callback.href), status: 400, words: 'did not begin' };
  },
  'an answer with two states': async () => {
    const { browser, callback } = await beforeCallback();
    callback.searchParams.append('state', 'x');
    return { page: await browser.go(callback.href), status: 400, words: 'did not begin' };
  },
  'an answer with nothing': async () => ({
    page: await (await beforeCallback()).browser.go(at('callback')),
    status: 400,
    words: 'did not begin',
  }),
  'an answer with a code that the provider did not give': async () => {
    const { browser, callback } = await beforeCallback();
    callback.searchParams.set('code', 'stolen');
    return { page: await browser.go(callback.href), status: 403, words: 'not signed in' };
  },
  'an answer without a code': async () => {
    const { browser, callback } = await beforeCallback();
    callback.searchParams.delete('code');
    return { page: await browser.go(callback.href), status: 403, words: 'not signed in' };
  },
  'an answer of another issuer': async () => {
    const { browser, callback } = await beforeCallback();
    callback.searchParams.set('iss', 'https://elsewhere.example.com');
    return { page: await browser.go(callback.href), status: 403, words: 'not signed in' };
  },
  'an answer that does not say of which issuer': async () => {
    const { browser, callback } = await beforeCallback();
    callback.searchParams.delete('iss');
    return { page: await browser.go(callback.href), status: 403, words: 'not signed in' };
  },
  'an answer once more': async () => {
    const { browser, callback } = await beforeCallback();
    expect((await browser.go(callback.href)).status).toBe(200);
    return { page: await browser.go(callback.href), status: 410, words: 'not good any more' };
  },
  'somebody whom the provider lets not in': async () => {
    oidc.decision = 'deny';
    return { page: await signIn(await linkFor(running, 'erin')), status: 403, words: 'not signed in' };
  },
  'a provider that is away by the time of the answer': async () => {
    const { browser, callback } = await beforeCallback();
    oidc.decision = 'away';
    return { page: await browser.go(callback.href), status: 503, words: 'does not answer' };
  },
  'an address that is not verified': async () => {
    oidc.claims.set('erin', { email_verified: false });
    return { page: await signIn(await linkFor(running, 'erin')), status: 403, words: 'not verified' };
  },
  'an address of which nobody says whether it is verified': async () => {
    oidc.claims.set('erin', { email_verified: undefined });
    return { page: await signIn(await linkFor(running, 'erin')), status: 403, words: 'not verified' };
  },
  'an address that is verified by a word': async () => {
    oidc.claims.set('erin', { email_verified: 'true' });
    return { page: await signIn(await linkFor(running, 'erin')), status: 403, words: 'not verified' };
  },
  'no address': async () => {
    oidc.claims.set('erin', { email: undefined });
    return { page: await signIn(await linkFor(running, 'erin')), status: 403, words: 'not verified' };
  },
  'an address that is none': async () => {
    oidc.claims.set('erin', { email: 'erin' });
    return { page: await signIn(await linkFor(running, 'erin')), status: 403, words: 'not verified' };
  },
  'a confirmation without a cookie': async () => {
    const { confirm } = await signedIn();
    return { page: await createBrowser().submit(confirm), status: 400, words: 'did not begin' };
  },
  'the page of a confirmation without a cookie': async () => ({
    page: await createBrowser().go(at('confirm')),
    status: 400,
    words: 'did not begin',
  }),
  'a confirmation with the cookie twice': async () => {
    const { browser, confirm } = await signedIn();
    const [name, value] = must([...browser.cookiesOf(confirm.url)][0]);
    const cookie = `${name}=${value}; ${name}=${value}`;
    return { page: await createBrowser().go(at('confirm'), { headers: { cookie } }), status: 400, words: 'did not begin' };
  },
  'a confirmation from another page': async () => ({
    page: await (await signedIn()).browser.go(at('confirm'), post('')),
    status: 400,
    words: 'did not begin',
  }),
  'a confirmation with a mark of another sign-in': async () => {
    const [{ browser }, { confirm }] = [await signedIn(), await signedIn()];
    return { page: await browser.submit(confirm), status: 400, words: 'did not begin' };
  },
  'a confirmation before anybody signed in': async () => ({
    page: await (await beforeCallback()).browser.go(at('confirm')),
    status: 410,
    words: 'not good any more',
  }),
  'a form that is JSON': async () => ({
    page: await (await signedIn()).browser.go(at('confirm'), post('{}', 'application/json')),
    status: 400,
    words: 'cannot be read',
  }),
  'a form that is far too long': async () => ({
    page: await (await signedIn()).browser.go(at('confirm'), post(`mark=${'x'.repeat(5_000)}`)),
    status: 400,
    words: 'cannot be read',
  }),
};

describe('on the pages for signing in', () => {
  it.each(Object.entries(bad))('%s ends at a page that says so, and links nothing', async (_what, act) => {
    const before = await links();
    const { page, status, words } = await act();
    expect([page.status, page.text]).toEqual([status, expect.stringContaining(words)]);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page.text).not.toContain('<form');
    // Nothing of what the provider, or whoever made the address, said.
    expect(page.text).not.toMatch(/way|invalid_|stolen|127\.0\.0\.1|xxxx/);
    expect(await links()).toEqual(before);
    expect(running.logged.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('are hardened', async () => {
    const { browser, confirm, link } = await signedIn();
    for (const page of [await createBrowser().go(link), confirm]) {
      expect(page.headers.get('cache-control')).toBe('no-store');
      expect(page.headers.get('referrer-policy')).toBe('no-referrer');
      expect(page.headers.get('x-content-type-options')).toBe('nosniff');
      expect(page.headers.get('content-security-policy')).toMatch(
        /^default-src 'none';style-src 'sha256-[\w+/=]+';base-uri 'none';frame-ancestors 'none';form-action 'self'/,
      );
    }
    expect(confirm.headers.get('content-security-policy')).toMatch(/form-action 'self'$/);
    // What would let anybody go on with it is neither kept nor logged.
    const secrets = [must(link.split('/').at(-1)), ...browser.cookiesOf(confirm.url).values()];
    const { rows } = await running.curfew.pool.query(`select to_jsonb(s) as row from sign_ins s`);
    for (const secret of secrets) expect(JSON.stringify([rows, running.logged])).not.toContain(secret);
    expect(secrets).toHaveLength(2);
  });

  it('give the secret to a browser in a cookie that scripts and other sites do not get', async () => {
    const browser = createBrowser();
    browser.stopAt(oidc.issuer);
    const { headers } = await signIn(await linkFor(running, 'erin'), browser);
    expect(headers.getSetCookie()).toEqual([
      expect.stringMatching(/^curfew-link=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=600$/),
    ]);
  });

  it('let only the last browser that began go on', async () => {
    const { browser, confirm, link } = await signedIn();
    await signIn(link);
    expect((await browser.submit(confirm)).status).toBe(410);
  });

  it('keep no more than five links of one account', async () => {
    const made: string[] = [];
    for (let count = 0; count < 6; count++) made.push(await linkFor(running, 'erin'));
    const alive = await Promise.all(made.map(async (link) => (await createBrowser().go(link)).status));
    expect(alive).toEqual([410, 200, 200, 200, 200, 200]);
  });

  it('show names as they are written, and warn where Slack shows another address', async () => {
    oidc.decision = { allow: 'victim' };
    const confirm = await signIn(await linkFor(running, 'mallory'));
    expect(confirm.text).toContain('mallory / &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;');
    expect(confirm.text).not.toContain('<script');
    expect(confirm.text).toContain('Slack shows another address for that account: mallory@example.com.');
    const page = await signIn(await linkFor(running, 'erin'));
    expect(page.text).not.toContain('Slack shows another address');
  });
});
