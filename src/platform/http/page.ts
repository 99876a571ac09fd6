import { createHash } from 'node:crypto';

export interface PageContent {
  readonly language: string;
  readonly title: string;
  /** HTML; whatever comes from outside must have gone through `escapeHtml`. */
  readonly body: string;
}

const STYLE = `:root{color-scheme:light dark;--canvas:#f5f7f6;--surface:#fff;--text:#15211e;--muted:#50605b;--line:#d3dcd9;--accent:#0b6553;--on:#fff}
@media(prefers-color-scheme:dark){:root{--canvas:#0f1614;--surface:#17201d;--text:#e6eeeb;--muted:#a2b3ad;--line:#2e3c37;--accent:#6ed8bd;--on:#06241c}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:1rem;background:var(--canvas);color:var(--text);font:1rem/1.55 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}
main{width:min(100%,30rem);background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:clamp(1.25rem,5vw,2.25rem)}
.brand{margin:0 0 .75rem;color:var(--muted);font-weight:600}h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}p{margin:.75rem 0}.quiet{color:var(--muted)}
dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1rem 0;padding:.85rem 1rem;border:1px solid var(--line);border-radius:8px}dt{color:var(--muted)}dd{margin:0;overflow-wrap:anywhere}ul{padding-left:1.25rem}
button{width:100%;min-height:3rem;margin-top:.5rem;border:0;border-radius:8px;background:var(--accent);color:var(--on);font:inherit;font-weight:600;cursor:pointer}button:hover{filter:brightness(1.08)}button:focus-visible{outline:3px solid var(--accent);outline-offset:3px}`;

/** The policy of such a page: its one style by its hash, a form to this host, and nothing else. */
export const PLAIN_PAGE_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** A page without scripts, for links in messages: it must work in any mail program's browser. */
export const page = ({ language, title, body }: PageContent): string => `<!doctype html>
<html lang="${escapeHtml(language)}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex"><title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body><main>${body}</main></body></html>
`;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand in HTML, between tags and inside quoted attributes. */
export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
