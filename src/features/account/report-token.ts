import { timingSafeEqual } from 'node:crypto';
import type { Keyring } from '../../platform';

/**
 * The secret of a report link: it names one event and can be recomputed, so that nothing is stored. Whoever reads the
 * notice may say "this was not me", and nothing else.
 */
export const reportTokenOf = (keyring: Keyring, eventId: string): string =>
  [keyring.version, eventId, macOf(keyring, eventId, keyring.version).toString('base64url')].join('~');

/** The event that a report token names; undefined if the token was not made by us. */
export function eventOfReport(keyring: Keyring, token: string): string | undefined {
  const [version = '', eventId = '', mac = ''] = token.split('~');
  const given = Buffer.from(mac, 'base64url');
  try {
    const expected = macOf(keyring, eventId, version);
    return given.length === expected.length && timingSafeEqual(given, expected) ? eventId : undefined;
  } catch {
    // A key that is no longer in the ring.
    return undefined;
  }
}

const macOf = (keyring: Keyring, eventId: string, version: string): Buffer =>
  keyring.mac('report', [eventId], version);
