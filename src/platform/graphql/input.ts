import { z } from 'zod';
import { Refusal } from '../../kernel';

/**
 * The input with its defaults applied, or a Refusal that names every mistake at once with its path.
 * A null is treated as left out, since GraphQL lets a client send either.
 */
export function parseInput<T>(schema: z.ZodType<T>, input: object): T {
  const given = Object.fromEntries(
    Object.entries(input).filter(([, value]) => value !== null && value !== undefined),
  );
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  throw Refusal.ofFaults(
    parsed.error.issues.map((issue) => ({
      code: 'INVALID_INPUT' as const,
      message: issue.message,
      path: ['input', ...issue.path.map(String)],
    })),
  );
}

// Control characters, line and paragraph separators, and the bidi controls that make text read backwards.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A text from outside that will be shown to somebody: cleaned, trimmed and cut. */
export const displayText = (text: string, lengthMax: number): string =>
  [...text.normalize('NFC').replace(UNSAFE, ' ').replace(/\s+/g, ' ').trim()].slice(0, lengthMax).join('');

/** A text field of an input, 1 to `max` characters after cleaning. */
export const shortText = (max: number) =>
  z
    .string()
    .max(max * 4, `At most ${String(max)} characters.`)
    .transform((text) => displayText(text, max + 1))
    .refine((text) => text.length > 0, 'This must not be empty.')
    .refine((text) => [...text].length <= max, `At most ${String(max)} characters.`);

/** An opaque token as presented: whatever it holds, it only ever meets a hash. */
export const opaqueToken = z.string().max(1024, 'This is too long.');

/** An id as presented; what has not the shape of an id simply names nothing. */
export const presentedId = z.string().max(64, 'This is too long.');
