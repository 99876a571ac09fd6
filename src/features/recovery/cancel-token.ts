import { sameBytes, type Keyring } from '../../platform';

/**
 * The secret of the link that stops a recovery: it names one request and can be computed again, so that nothing is stored
 * and every notice carries the same. Whoever reads the notice may stop the recovery, and nothing else.
 */
export const cancelTokenOf = (keyring: Keyring, requestId: string): string =>
  [keyring.version, requestId, macOf(keyring, requestId, keyring.version).toString('base64url')].join('~');

/** The request that a token names; undefined if the token was not made by us. */
export function requestOfToken(keyring: Keyring, token: string): string | undefined {
  const [version = '', requestId = '', mac = ''] = token.split('~');
  if (!keyring.has(version)) return undefined;
  const isOurs = sameBytes(Buffer.from(mac, 'base64url'), macOf(keyring, requestId, version));
  return isOurs ? requestId : undefined;
}

const macOf = (keyring: Keyring, requestId: string, version: string): Buffer =>
  keyring.mac('report', ['recovery', requestId], version);
