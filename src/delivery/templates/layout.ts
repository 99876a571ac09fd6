import { escapeHtml } from '../../platform';
import type { Block, Language } from './catalogue';

interface Page {
  readonly language: Language;
  readonly app: string;
  readonly blocks: readonly Block[];
  readonly link: string | undefined;
}

const FONT = "font-family:-apple-system,BlinkMacSystemFont,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";

/** What inline styles cannot say: other colours where the reader's mail program is dark. */
const DARK = `:root{color-scheme:light dark;supported-color-schemes:light dark}
@media (prefers-color-scheme:dark){.page{background:#111418!important}.card{background:#1c2127!important;border-color:#303740!important}
.text,.app{color:#e6e9ed!important}.hint{color:#9aa4af!important}.code{background:#111418!important;color:#fff!important}
.button{background:#7aa7ff!important;color:#0b1220!important}}`;

/** One card, readable without images, styles or scripts. Loads nothing, so that reading it tells nobody. */
export function layout({ language, app, blocks, link }: Page): string {
  const body = blocks.map((block) => shown(block, link)).join('\n');
  return `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>${escapeHtml(app)}</title>
<style>${DARK}</style>
</head>
<body class="page" style="margin:0;padding:32px 16px;background:#f3f5f8;${FONT}">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"><tr><td align="center">
<table role="presentation" class="card" width="100%" cellpadding="0" cellspacing="0" border="0" style="max-width:480px;background:#ffffff;border:1px solid #e2e6ec;border-radius:12px"><tr><td style="padding:28px 32px">
<p class="app" style="margin:0 0 20px;font-size:15px;font-weight:600;color:#1b2430">${escapeHtml(app)}</p>
${body}
</td></tr></table>
</td></tr></table>
</body>
</html>
`;
}

function shown({ look, text }: Block, link: string | undefined): string {
  const content = escapeHtml(text).replaceAll('\n', '<br>');
  if (look === 'code')
    return `<p class="code" style="margin:0 0 20px;padding:16px;border-radius:8px;background:#f3f5f8;color:#1b2430;font:600 30px/1.2 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;letter-spacing:6px;text-align:center">${content}</p>`;
  if (look === 'button')
    return `<p style="margin:0 0 20px"><a class="button" href="${escapeHtml(link ?? '')}" style="display:inline-block;padding:12px 20px;border-radius:8px;background:#1f5fd6;color:#ffffff;font-size:16px;font-weight:600;text-decoration:none">${content}</a></p>`;
  if (look === 'hint')
    return `<p class="hint" style="margin:0 0 4px;font-size:13px;line-height:1.5;color:#5c6875">${content}</p>`;
  return `<p class="text" style="margin:0 0 16px;font-size:16px;line-height:1.5;color:#1b2430">${content}</p>`;
}
