/**
 * The kind PUSH: approving on a registered phone. The phone makes and keeps a private key; it signs in to the
 * gateway with it, and signs each answer over all that it was asked. An approval needs the number that only
 * the waiting login screen shows. Registering, fetching and answering are operations of this folder.
 */
import { z } from 'zod';
import { defineFactorKind } from '../../contract';
import { Approvals } from './approvals.service';
import { DeviceAuthenticator } from './device-authenticator.service';
import { DeviceEntity } from './device.entity';
import { compactJws } from './device-jws';
import { DeviceJtiEntity } from './device-jti.entity';
import { Devices } from './devices.service';
import { forgetPushToken, revokeDevice, sweepJtis } from './devices.store';
import { Device1767225607000 } from './migrations/1767225607000-device';
import { PushDriver } from './push.driver';
import { PushPortability } from './push-portability.driver';
import { PushChallenge, PushSetup } from './push.graphql';
import { DeviceResolver, FactorDeviceResolver } from './push-resolvers.graphql';
import { registration } from './registration';

export const push = defineFactorKind({
  kind: 'PUSH',
  description: 'Approve on a registered phone.',
  traits: {
    amr: ['swk', 'mca', 'user'],
    answeredBy: 'device',
    signsMessage: true,
    isPhishingResistant: false,
    isGuessable: false,
    isSent: true,
    limitPerUser: 5,
    preference: 40,
    proofField: null,
    startLimits: [
      { count: 5, perSeconds: 600 },
      { count: 15, perSeconds: 86_400 },
    ],
  },
  settings: [],
  proof: z.union([compactJws, registration]),
  entities: [DeviceEntity, DeviceJtiEntity],
  migrations: [Device1767225607000],
  graphql: {
    challenge: (view) => PushChallenge.from(view),
    setupType: PushSetup,
    setup: (view) => PushSetup.from(view),
    resolvers: [DeviceResolver, FactorDeviceResolver],
    orphanedTypes: [PushChallenge],
  },
  create: ({ devices: port, sql, keyring, clock, chance, bus, log, publicUrl }) => {
    const devices = new Devices(port, sql, keyring);
    const approvals = new Approvals(port, sql, bus, log);
    const authenticator = new DeviceAuthenticator(sql, clock, publicUrl);
    return {
      driver: new PushDriver(sql, keyring, clock, chance, publicUrl),
      resolvers: [new DeviceResolver(devices, approvals), new FactorDeviceResolver(devices)],
      portability: new PushPortability(),
      authenticateDevice: (jws) => authenticator.authenticate(jws),
      isDeviceStanding: (device) => authenticator.isStanding(device),
      sweep: () => sweepJtis(sql),
      unreachable: async (deviceId) => void (await forgetPushToken(sql, deviceId)),
      removed: async (tx, factorId) => void (await revokeDevice(tx, factorId)),
    };
  },
});
