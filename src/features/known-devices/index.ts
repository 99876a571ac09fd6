/**
 * Browsers and apps that a user has signed in from before. A device is known by the token it was given; the
 * token is derived from the row with a key outside the database, and only its hash is looked up. To know a
 * device proves nothing: it is a fact for the policy, and so is that its user asked for it to be remembered after a
 * second factor. Called by `auth-flow`, and by whatever makes all of a user's devices be forgotten.
 */
import type { Feature } from '../../kernel';
import { KnownDeviceEntity } from './known-device.entity';
import { KnownDevices1767225610000 } from './migrations/1767225610000-known-devices';

export * from './known-device';
export * from './known-devices.service';

export const knownDevicesFeature: Feature = {
  name: 'known-devices',
  entities: [KnownDeviceEntity],
  migrations: [KnownDevices1767225610000],
};
