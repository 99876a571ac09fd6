import type { Rule } from '../facts';
import { signalFinding } from '../finding';
import { isInNetworks } from '../networks';

/** The address is on the operator's list. */
export const listedNetwork: Rule = {
  name: 'listed-network',
  evaluate: (policy, { ipAddress }) =>
    isInNetworks(ipAddress, policy.listedNetworks)
      ? signalFinding(policy, 'LISTED_NETWORK', 'The address is in a listed network.')
      : undefined,
};
