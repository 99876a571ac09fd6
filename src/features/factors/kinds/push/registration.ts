import { z } from 'zod';
import { unixSeconds } from '../../../../kernel';
import { opaqueToken, shortText } from '../../../../platform';
import { compactJws, openJws } from './device-jws';
import { publicJwk } from './device-key';

export const DevicePlatform = { IOS: 'IOS', ANDROID: 'ANDROID', WEB: 'WEB' } as const;
export type DevicePlatform = keyof typeof DevicePlatform;

/** How old a proof of possession may be, or how far the phone's clock ahead. */
const AGE_SECONDS_MAX = 60;

export const deviceName = shortText(60);
export const deviceDetail = shortText(60).nullish();
export const pushToken = z
  .string()
  .min(1, 'This must not be empty.')
  .max(4096, 'This is too long.')
  .nullish();

/** What a phone sends after it scanned the QR code. */
export const registration = z.object({
  pairingToken: opaqueToken,
  publicKey: publicJwk,
  proof: compactJws,
  platform: z.enum(DevicePlatform),
  name: deviceName,
  model: deviceDetail,
  appVersion: deviceDetail,
  pushToken,
});
export type Registration = z.infer<typeof registration>;

const proofPayload = z.strictObject({ pairingToken: z.string(), aud: z.string(), iat: z.int() });

/** Why the device has not shown, for this pairing and now, that it holds the key; nothing if it has. */
export async function possessionFault(
  given: Registration,
  expected: { readonly pairingToken: string; readonly audience: string },
  now: Date,
): Promise<string | undefined> {
  const rule = { key: given.publicKey, typ: 'device-registration+jwt', payload: proofPayload };
  const opened = await openJws(given.proof, rule);
  if ('why' in opened) return opened.why;
  const { aud, iat, pairingToken } = opened.payload;
  if (aud !== expected.audience) return 'other audience';
  if (Math.abs(unixSeconds(now) - iat) > AGE_SECONDS_MAX) return 'old or future proof';
  return pairingToken === expected.pairingToken ? undefined : 'other pairing token';
}
