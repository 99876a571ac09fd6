import { createHash } from 'node:crypto';

const names = new Map<string, string | undefined>();

/**
 * The name under which a connection keeps the statement prepared, so that PostgreSQL reads and plans it once. None for
 * one that selects `*`: a plan of it is refused once a migration has added a column. Texts are constants of the
 * program, values never stand in them, so the names are few.
 */
export function statementName(text: string): string | undefined {
  if (!names.has(text)) names.set(text, nameOf(text));
  return names.get(text);
}

const nameOf = (text: string): string | undefined =>
  /\b(?:SELECT|RETURNING) \*/.test(text)
    ? undefined
    : createHash('sha256').update(text).digest('hex').slice(0, 32);
