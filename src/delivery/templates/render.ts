import { catalogue, isTextOnly, LANGUAGES, type Block, type Language, type TemplateName } from './catalogue';
import { layout } from './layout';

export interface Rendered {
  readonly subject: string;
  readonly text: string;
  /** Absent where the template is for SMS. */
  readonly html?: string;
}

/** `de`, `de-AT`, `de_CH`: German. Everything else, and nothing: English. */
export const languageOf = (locale: string | null): Language =>
  LANGUAGES.find((language) => language === locale?.split(/[-_]/)[0]?.toLowerCase()) ?? 'en';

/**
 * The message in the reader's language. Every value that the template names must be given, save those that a
 * block of it waits for: `host` (SMS codes), `minutes`, `when`, `where` and `link`. Values are text, never markup, and
 * `link` is an http(s) address.
 */
export function render(
  template: TemplateName,
  locale: string | null,
  values: Readonly<Record<string, string>>,
): Rendered {
  const language = languageOf(locale);
  const { subject, body } = catalogue[language][template];
  const link = values['link'];
  if (link && !/^https?:\/\/[^\s"'<>]+$/.test(link)) throw new Error(`${template}: not a link`);
  const fill = (text: string): string => filled(template, text, values);
  const blocks = body
    .filter(({ onlyWith }) => onlyWith === undefined || values[onlyWith])
    .map((block): Block => ({ ...block, text: fill(block.text) }));
  const plain = blocks.map(({ look, text }) => (look === 'button' ? `${text}: ${link ?? ''}` : text));
  const rendered = { subject: oneLine(fill(subject)), text: plain.join('\n\n') };
  return isTextOnly(template)
    ? rendered
    : { ...rendered, html: layout({ language, app: values['app'] ?? '', blocks, link }) };
}

/** In one pass: a value that looks like a placeholder stays what it is. */
const filled = (template: string, text: string, values: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${template}: the value "${name}" is missing`);
    return value;
  });

/** A line break in a value would begin a header of its own. */
const oneLine = (text: string): string => text.replace(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim();
