import { z } from 'zod';
import { RequestFault, isId, unixSeconds, type Clock } from '../../../../kernel';
import type { DeviceCaller, Sql } from '../../../../platform';
import type { DeviceEntity } from './device.entity';
import { compactJws, openJws, unverified } from './device-jws';
import { findDevice, touchDevice, useJti } from './devices.store';

const LIFE_SECONDS_MAX = 60;
const SKEW_SECONDS_MAX = 30;

const credentialPayload = z.strictObject({
  aud: z.string(),
  iat: z.int(),
  exp: z.int(),
  jti: z.string().min(1).max(64),
});
type CredentialPayload = z.infer<typeof credentialPayload>;

/** Tells who calls with `Authorization: Device <JWS>`. A credential is good for a minute, and once. */
export class DeviceAuthenticator {
  constructor(
    private readonly sql: Sql,
    private readonly clock: Clock,
    private readonly audience: string,
  ) {}

  /** Throws UNAUTHENTICATED, whatever is wrong. */
  async authenticate(jws: string): Promise<DeviceCaller> {
    const device = await this.claimedDevice(jws);
    const rule = { key: device.publicJwk, typ: 'device+jwt', kid: device.id, payload: credentialPayload };
    const opened = await openJws(jws, rule);
    if ('why' in opened) throw refusal(opened.why);
    const why = credentialFault(opened.payload, this.audience, this.clock.now());
    if (why) throw refusal(why);
    const refusedFrom = new Date((opened.payload.exp + SKEW_SECONDS_MAX) * 1000);
    if (!(await useJti(this.sql, device.id, opened.payload.jti, refusedFrom)))
      throw refusal('shown before, or revoked');
    await touchDevice(this.sql, device.id);
    return { kind: 'device', deviceId: device.id, factorId: device.factorId, userId: device.userId };
  }

  /** Whether a device that was accepted earlier, for a socket that is still open, is not revoked. */
  async isStanding(device: DeviceCaller): Promise<boolean> {
    return (await findDevice(this.sql, device.deviceId)) !== undefined;
  }

  private async claimedDevice(jws: string): Promise<DeviceEntity> {
    if (!compactJws.safeParse(jws).success) throw refusal('not a compact JWS');
    const { kid } = unverified(jws, 'header');
    const device = typeof kid === 'string' && isId('dev', kid) ? await findDevice(this.sql, kid) : undefined;
    if (!device) throw refusal('unknown device');
    return device;
  }
}

/** Why a credential is not for here and now; nothing if it is. */
export function credentialFault(payload: CredentialPayload, audience: string, now: Date): string | undefined {
  const { aud, iat, exp } = payload;
  if (aud !== audience) return 'other audience';
  if (exp <= iat || exp - iat > LIFE_SECONDS_MAX) return 'life too long';
  if (iat > unixSeconds(now) + SKEW_SECONDS_MAX) return 'not yet valid';
  return exp + SKEW_SECONDS_MAX > unixSeconds(now) ? undefined : 'expired';
}

const refusal = (detail: string): RequestFault =>
  new RequestFault('UNAUTHENTICATED', undefined, `device: ${detail}`);
