import type { Rule } from '../facts';
import { signalFinding } from '../finding';
import { networkOf } from '../networks';

/** The address is on the operator's list. */
export const listedNetwork: Rule = {
  name: 'listed-network',
  evaluate: (policy, { ipAddress }) => {
    const network = networkOf(ipAddress, policy.listedNetworks);
    return network === undefined
      ? undefined
      : signalFinding(policy, 'LISTED_NETWORK', `The address is in the listed network ${network}.`);
  },
};
