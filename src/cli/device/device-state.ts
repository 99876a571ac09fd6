import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { DeviceError } from './device-error';

const deviceState = z.object({
  /** The gateway's public address: the audience of all that the device signs. */
  gateway: z.url(),
  deviceId: z.string(),
  name: z.string(),
  algorithm: z.enum(['ES256', 'EdDSA']),
  privateKey: z.object({
    kty: z.string(),
    crv: z.string(),
    x: z.string(),
    y: z.string().optional(),
    d: z.string(),
  }),
});

/** All that a paired device knows, its private key included. */
export type DeviceState = z.infer<typeof deviceState>;

/** Nothing if there is no such file; throws if it is no device's. */
export function readDeviceState(file: string): DeviceState | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return deviceState.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // The cause may quote the file, and with it the key.
    throw new DeviceError('NO_DEVICE', `${file} does not hold a paired device.`);
  }
}

/** Only its owner may read the file. It is replaced as a whole, whatever mode an older one had. */
export function writeDeviceState(file: string, state: DeviceState): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(`${file}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
