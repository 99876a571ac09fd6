import type { Chance, Clock } from './clock';

/** What an id names; the prefix shows it to whoever reads a log. */
export type IdPrefix =
  | 'usr'
  | 'flw'
  | 'chl'
  | 'fct'
  | 'enr'
  | 'ses'
  | 'whk'
  | 'dev'
  | 'kdv'
  | 'evt'
  | 'out'
  | 'key'
  | 'msg'
  | 'rec';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * A new id such as `flw_01kb…`: 48 bits of time, 80 bits of chance, Crockford base32.
 * Ids of one kind sort by the time they were made, so "newest first" needs no further index.
 */
export function newId(prefix: IdPrefix, clock: Clock, chance: Chance): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(clock.now().getTime(), 0, 6);
  chance.bytes(10).copy(bytes, 6);
  return `${prefix}_${base32(bytes)}`;
}

function base32(bytes: Buffer): string {
  let bits = 0;
  let held = 0;
  let text = '';
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((held >>> bits) & 31);
    }
    held &= (1 << bits) - 1;
  }
  return bits > 0 ? text + ALPHABET.charAt((held << (5 - bits)) & 31) : text;
}

/** Whether a text from outside has the shape of one of our ids; anything else is answered without a query. */
export const isId = (prefix: IdPrefix, text: string): boolean =>
  text.length === 30 && text.startsWith(`${prefix}_`) && /^[0-9a-hjkmnp-tv-z]{26}$/.test(text.slice(4));
