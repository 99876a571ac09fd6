import type { Rule } from '../facts';
import { finding } from '../finding';

/** Whoever has enrolled a second factor is asked for it, unless the policy asks only when something is unusual. */
export const enrolledFactor: Rule = {
  name: 'enrolled-factor',
  evaluate: (policy, { purpose, factorKinds }) =>
    factorKinds.length > 0 && (policy.requirement !== 'WHEN_RISKY' || purpose !== 'SIGN_IN')
      ? finding(policy, {
          rule: 'enrolled-factor',
          effect: 'ASK',
          isSparedByDevice: true,
          explanation: 'The user has enrolled a second factor.',
        })
      : undefined,
};
