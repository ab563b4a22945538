/** What a browser does with pages without scripts: keeps cookies by host, follows redirects, sends forms. */
export type Shown = { readonly url: string; readonly status: number; readonly text: string; readonly headers: Headers };

export function createBrowser() {
  const jars = new Map<string, Map<string, string>>();
  const jarOf = (url: string): Map<string, string> => {
    const { host } = new URL(url);
    const jar = jars.get(host) ?? new Map<string, string>();
    jars.set(host, jar);
    return jar;
  };
  const go = async (url: string, init: RequestInit = {}): Promise<Shown> => {
    const jar = jarOf(url);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = new Headers(init.headers);
    if (cookie !== '') headers.append('cookie', cookie);
    const response = await fetch(url, { ...init, redirect: 'manual', headers });
    for (const line of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = line.split(';');
      const [name = '', value = ''] = pair.split(/=(.*)/s);
      if (attributes.some((each) => /^\s*max-age=0$/i.test(each)) || value === '') jar.delete(name);
      else jar.set(name, value);
    }
    const next = response.headers.get('location');
    if (next === null) return { url, status: response.status, text: await response.text(), headers: response.headers };
    await response.arrayBuffer();
    visited.push(new URL(next, url).href);
    return stopAt !== undefined && new URL(next, url).href.startsWith(stopAt)
      ? { url: new URL(next, url).href, status: response.status, text: '', headers: response.headers }
      : go(new URL(next, url).href);
  };
  const visited: string[] = [];
  let stopAt: string | undefined;
  return {
    visited,
    go,
    /** Does not follow a redirect to an address that begins so. */
    stopAt: (prefix: string | undefined) => void (stopAt = prefix),
    /** Presses the one button of a page. */
    submit(page: Shown): Promise<Shown> {
      const action = /<form method="post"(?: action="([^"]*)")?>/.exec(page.text);
      if (action === null) throw new Error(`there is no form on this page: ${page.text}`);
      const body = new URLSearchParams();
      for (const [, name = '', value = ''] of page.text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g))
        body.append(name, value);
      return go(new URL(action[1] ?? page.url, page.url).href, { method: 'POST', body });
    },
    cookiesOf: (url: string) => jarOf(url),
  };
}
export type Browser = ReturnType<typeof createBrowser>;
