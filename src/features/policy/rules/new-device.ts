import type { Rule } from '../facts';
import { signalFinding } from '../finding';

/** The browser or app has not been used by this user before. */
export const newDevice: Rule = {
  name: 'new-device',
  evaluate: (policy, { isDeviceKnown }) =>
    isDeviceKnown === false
      ? signalFinding(policy, 'NEW_DEVICE', 'This browser or app was not used by the user before.')
      : undefined,
};
