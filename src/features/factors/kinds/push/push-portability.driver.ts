import { z } from 'zod';
import { isId } from '../../../../kernel';
import { shortText, type Sql } from '../../../../platform';
import { faultOf, type Arrival, type FactorRef, type Portability } from '../../contract';
import { algorithmOf, publicJwk, thumbprintOf, verificationKey } from './device-key';
import { addDevice, deviceOfFactor } from './devices.store';
import { DevicePlatform, deviceDetail, deviceName } from './registration';

const form = z.strictObject({
  kind: z.literal('PUSH'),
  label: shortText(60).nullish(),
  /** By which the device names itself: with another one it would not be known. */
  deviceId: z.string().refine((text) => isId('dev', text), 'is no id of a device'),
  publicKey: publicJwk,
  platform: z.enum(DevicePlatform),
  name: deviceName,
  model: deviceDetail,
  appVersion: deviceDetail,
});

/** Phones: their public key and name. The private key is where it always was; the push token they send again. */
export class PushPortability implements Portability {
  async read(entry: object): Promise<Arrival> {
    const parsed = form.safeParse(entry);
    if (!parsed.success) return { fault: faultOf(parsed.error) };
    const { deviceId, publicKey, label, platform, name, model = null, appVersion = null } = parsed.data;
    const thumbprint = await usableThumbprint(publicKey);
    if (thumbprint === undefined) return { fault: 'publicKey: is no usable key' };
    const device = {
      platform,
      name,
      model,
      appVersion,
      thumbprint,
      publicJwk: publicKey,
      algorithm: algorithmOf(publicKey),
      pushToken: null,
    };
    return {
      factors: [
        {
          ...(label ? { label } : {}),
          hint: device.name,
          store: async (tx, { id: factorId, userId }) =>
            (await tx.row('SELECT 1 FROM device WHERE id = $1', [deviceId])) === undefined &&
            addDevice(tx, { ...device, id: deviceId, factorId, userId }),
        },
      ],
    };
  }

  async write(sql: Sql, factor: FactorRef) {
    const device = await deviceOfFactor(sql, factor.id);
    if (!device) return undefined;
    const { id: deviceId, publicJwk: publicKey, platform, name, model, appVersion } = device;
    return { deviceId, publicKey, platform, name, model, appVersion };
  }
}

async function usableThumbprint(jwk: z.infer<typeof publicJwk>): Promise<string | undefined> {
  try {
    await verificationKey(jwk);
    return await thumbprintOf(jwk);
  } catch {
    return undefined;
  }
}
