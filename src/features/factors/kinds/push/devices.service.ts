import { z } from 'zod';
import { Refusal, RequestFault } from '../../../../kernel';
import { parseInput, type DeviceCaller, type Keyring, type Sql } from '../../../../platform';
import type { DevicePort } from '../../contract';
import type { DeviceEntity } from './device.entity';
import { verificationKey, type PublicJwk } from './device-key';
import { changeDevice, deviceOfFactor, findDevice } from './devices.store';
import { sealPushToken } from './push-token';
import { deviceDetail, deviceName, pushToken, registration } from './registration';

// An empty push token takes it back: the device asks by itself from then on.
const changes = z.object({
  name: deviceName.optional(),
  appVersion: deviceDetail,
  pushToken: pushToken.or(z.literal('')),
});

/** Registers devices and keeps what is known of them. */
export class Devices {
  constructor(
    private readonly port: DevicePort,
    private readonly sql: Sql,
    private readonly keyring: Keyring,
  ) {}

  /** Throws Refusal INVALID_INPUT, INVALID_TOKEN, INVALID_PROOF, FACTOR_ALREADY_ENROLLED. */
  async register(input: object): Promise<DeviceEntity> {
    const given = parseInput(registration, input);
    await refuseUnusable(given.publicKey);
    const { factorId } = await this.port.activate(given.pairingToken, given);
    const device = await this.ofFactor(factorId);
    if (!device) throw new Refusal('INVALID_TOKEN', {}, 'revoked right after its registration');
    return device;
  }

  async update(caller: DeviceCaller, input: object): Promise<DeviceEntity> {
    const given = parseInput(changes, input);
    const holder = { id: caller.deviceId, userId: caller.userId };
    const sealed =
      given.pushToken && given.pushToken !== ''
        ? sealPushToken(this.keyring, holder, given.pushToken)
        : given.pushToken;
    const device = await changeDevice(this.sql, caller.deviceId, {
      ...given,
      pushToken: sealed === '' ? null : sealed,
    });
    return device ?? unauthenticated();
  }

  async calling(caller: DeviceCaller): Promise<DeviceEntity> {
    return (await findDevice(this.sql, caller.deviceId)) ?? unauthenticated();
  }

  ofFactor(factorId: string): Promise<DeviceEntity | undefined> {
    return deviceOfFactor(this.sql, factorId);
  }
}

/** Well-formed coordinates need not be a point of the curve. */
async function refuseUnusable(jwk: PublicJwk): Promise<void> {
  try {
    await verificationKey(jwk);
  } catch {
    throw new Refusal('INVALID_INPUT', {
      path: ['input', 'publicKey'],
      message: 'This is not a usable key.',
    });
  }
}

function unauthenticated(): never {
  throw new RequestFault('UNAUTHENTICATED', undefined, 'device: revoked meanwhile');
}
