import type { Keyring } from '../../../../platform';

interface TokenHolder {
  readonly id: string;
  readonly userId: string;
}

/** The address that a push message goes to: whoever holds it could ring the phone, so it is kept sealed. */
export const sealPushToken = (keyring: Keyring, device: TokenHolder, token: string): string =>
  keyring.seal(placeOf(device), token);

/** Undefined if what is stored was not sealed for this device: then nobody is rung, and the device asks by itself. */
export function openPushToken(keyring: Keyring, device: TokenHolder, sealed: string): string | undefined {
  try {
    return keyring.open(placeOf(device), sealed).toString();
  } catch {
    return undefined;
  }
}

const placeOf = (device: TokenHolder) => ({
  table: 'device',
  column: 'push_token',
  row: device.id,
  user: device.userId,
});
