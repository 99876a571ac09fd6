import type { Keyring } from '../../../../platform';

interface TokenHolder {
  readonly id: string;
  readonly userId: string;
}

/** The address that a push message goes to: whoever holds it could ring the phone, so it is kept sealed. */
export const sealPushToken = (keyring: Keyring, device: TokenHolder, token: string): string =>
  keyring.seal({ table: 'device', column: 'push_token', row: device.id, user: device.userId }, token);
