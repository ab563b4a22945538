/** Pages for people: plain HTML without scripts, styled by one sheet that the policy names by its hash. */
import { createHash } from 'node:crypto';
import type { FastifyReply } from 'fastify';

/** Markup of ours; whatever else was put into it was escaped. */
export type Html = { readonly markup: string };

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? '');

/** Markup with texts in it. A text is escaped, also within quoted attributes. */
export const html = (parts: TemplateStringsArray, ...values: readonly (string | Html)[]): Html => ({
  markup: parts
    .map((part, index) => {
      const value = values[index];
      return part + (value === undefined ? '' : typeof value === 'string' ? escapeHtml(value) : value.markup);
    })
    .join(''),
});

const style = `:root{color-scheme:light dark}
body{margin:0;font:16px/1.5 system-ui,sans-serif;background:#f4f5f7;color:#1d2129}
main{box-sizing:border-box;max-width:30rem;margin:8vh auto 2rem;padding:2rem;background:#fff;border:1px solid #d9dde3;border-radius:12px}
h1{margin:0 0 1rem;font-size:1.35rem;line-height:1.25}
p{margin:0 0 1rem;overflow-wrap:anywhere}
dl{margin:0 0 1rem;padding:.75rem 1rem;border:1px solid #d9dde3;border-radius:8px}
dt{font-size:.85rem;color:#5b6470}
dd{margin:0 0 .5rem;font-weight:600;overflow-wrap:anywhere}
dd:last-child,p:last-child,form:last-child{margin:0}
.warning{padding:.75rem 1rem;border-left:4px solid #b9770e;background:#fff6e5;color:#4a3000}
form{margin:0 0 1rem}
button{width:100%;min-height:3rem;border:0;border-radius:8px;background:#0b5cad;color:#fff;font:inherit;font-weight:600;cursor:pointer}
button:focus-visible{outline:3px solid #7fb2e5;outline-offset:2px}
@media (max-width:32rem){main{margin:0;min-height:100vh;border:0;border-radius:0;padding:1.5rem 1.25rem}}
@media (prefers-color-scheme:dark){body{background:#14171c;color:#e6e8eb}main{background:#1d2129;border-color:#3a414b}dl{border-color:#3a414b}dt{color:#a3abb5}.warning{background:#3a2c0e;color:#ffe2a8}}
`;
const styleHash = createHash('sha256').update(style).digest('base64');

/**
 * Sends a page. `formAction`: where its form may lead, and be led on from there; browsers look at each redirect.
 */
export function sendPage(
  reply: FastifyReply,
  status: number,
  page: { readonly title: string; readonly body: Html; readonly formAction?: "'self'" | "'self' https:" },
): FastifyReply {
  const { title, body, formAction } = page;
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${{ markup: style }}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${body}
</main>
</body>
</html>
`;
  return reply
    .code(status)
    .header(
      'content-security-policy',
      `default-src 'none';style-src 'sha256-${styleHash}';base-uri 'none';frame-ancestors 'none';form-action ${formAction ?? "'none'"}`,
    )
    .type('text/html; charset=utf-8')
    .send(document.markup);
}
