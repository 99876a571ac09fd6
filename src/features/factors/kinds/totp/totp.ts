import { generate, generateURI, verify } from 'otplib';

/** SHA-1, 30 s, T0 = 0 (RFC 6238 §4, §5.2): what every authenticator app can do. */
export const TOTP = { digits: 6, periodSeconds: 30, secretBytes: 20 } as const;

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** Base32 without padding (RFC 4648 §6). */
export function base32(secret: Buffer): string {
  const bits = [...secret].map((byte) => byte.toString(2).padStart(8, '0')).join('');
  return (bits.match(/.{1,5}/g) ?? []).map((five) => BASE32[parseInt(five.padEnd(5, '0'), 2)]).join('');
}

/** For typing by hand: `ABCD EFGH …`. */
export const inGroups = (secret: string): string => (secret.match(/.{1,4}/g) ?? []).join(' ');

export const otpauthUri = (secret: string, issuer: string, accountName: string): string =>
  generateURI({ issuer, label: accountName, secret, digits: TOTP.digits, period: TOTP.periodSeconds });

export interface Match {
  /** The time step that the code belongs to (RFC 6238 §4.2). */
  readonly step: number;
  /** By how many seconds the app's clock is ahead, in whole steps; negative: behind. */
  readonly driftSeconds: number;
}

/** The step among T-1, T, T+1 that the code belongs to (RFC 6238 §5.2), or nothing. */
export async function matchCode(secret: string, code: string, at: Date): Promise<Match | undefined> {
  const { digits, periodSeconds } = TOTP;
  const epoch = Math.floor(at.getTime() / 1000);
  const result = await verify({
    secret,
    token: code,
    epoch,
    digits,
    period: periodSeconds,
    epochTolerance: periodSeconds,
  });
  if (!result.valid) return undefined;
  return {
    step: Math.floor(epoch / periodSeconds) + result.delta,
    driftSeconds: result.delta * periodSeconds,
  };
}

/** The code that an app with this secret shows at an instant. */
export const codeAt = (secret: string | Uint8Array, at: Date, digits: 6 | 8 = TOTP.digits): Promise<string> =>
  generate({ secret, epoch: Math.floor(at.getTime() / 1000), digits, period: TOTP.periodSeconds });

/** A day in steps: more than a wrong time zone. */
const RESYNC_STEPS = 86_400 / TOTP.periodSeconds;

/** The step of the second of two codes in a row within a day around an instant, the nearest first; or nothing. */
export async function matchTwo(
  secret: string,
  first: string,
  second: string,
  at: Date,
): Promise<Match | undefined> {
  const shown = (step: number) => codeAt(secret, new Date((step * TOTP.periodSeconds + 1) * 1000));
  const now = Math.floor(at.getTime() / 1000 / TOTP.periodSeconds);
  for (let far = 0; far <= RESYNC_STEPS; far += 1) {
    for (const step of far === 0 ? [now] : [now + far, now - far]) {
      if ((await shown(step)) !== second || (await shown(step - 1)) !== first) continue;
      return { step, driftSeconds: (step - now) * TOTP.periodSeconds };
    }
  }
  return undefined;
}
