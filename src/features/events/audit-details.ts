import { displayText } from '../../platform';

const BYTES_MAX = 8192;
const TEXT_MAX = 500;
const DEPTH_MAX = 12;

/**
 * The details of an event in a form that the database takes: JSON, its texts without control characters, at most 8 KiB.
 * What is none or is longer is replaced by the reason: an audit line must not fail on what it tells.
 */
export function cleanDetails(details: object): object {
  try {
    const cleaned = cleanValue(JSON.parse(JSON.stringify(details)) as unknown, 0) as object;
    return Buffer.byteLength(JSON.stringify(cleaned)) <= BYTES_MAX ? cleaned : { omitted: 'too long' };
  } catch {
    return { omitted: 'not JSON' };
  }
}

function cleanValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cleanText(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_MAX) return null;
  if (Array.isArray(value)) return value.map((item) => cleanValue(item, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [cleanText(key), cleanValue(item, depth + 1)]),
  );
}

/** Half a surrogate pair is no text: PostgreSQL would refuse it, and with it the whole transaction. */
export const cleanText = (text: string): string =>
  displayText(text, TEXT_MAX).replace(/\p{Surrogate}/gu, '\ufffd');
