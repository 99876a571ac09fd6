import { deliveryFeature } from './delivery';
import { accountFeature } from './features/account';
import { administrationFeature } from './features/administration';
import { authFlowFeature } from './features/auth-flow';
import { challengesFeature } from './features/challenges';
import { enrollmentFeature } from './features/enrollment';
import { eventsFeature } from './features/events';
import { factorsFeature } from './features/factors';
import { knownDevicesFeature } from './features/known-devices';
import { limitsFeature } from './features/limits';
import { policyFeature } from './features/policy';
import { recoveryFeature } from './features/recovery';
import { sessionsFeature } from './features/sessions';
import { usersFeature } from './features/users';
import type { Feature, SettingsSlice } from './kernel';
import {
  databaseSettings,
  httpSettings,
  keyringSettings,
  redisSettings,
  telemetrySettings,
} from './platform';

/** The list of features, lowest first: data source, schema, settings, `ormconfig.ts` and CLI are built from it. */
export const features: readonly Feature[] = [
  deliveryFeature,
  eventsFeature,
  limitsFeature,
  usersFeature,
  factorsFeature,
  challengesFeature,
  enrollmentFeature,
  knownDevicesFeature,
  policyFeature,
  sessionsFeature,
  authFlowFeature,
  accountFeature,
  administrationFeature,
  recoveryFeature,
];

export const settingsSlices: readonly SettingsSlice[] = [
  httpSettings,
  databaseSettings,
  redisSettings,
  keyringSettings,
  telemetrySettings,
  ...features.flatMap((feature) => [...(feature.settings ?? [])]),
];
