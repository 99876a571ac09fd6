import type { Rule } from '../facts';
import { finding } from '../finding';

/** Everybody needs a second factor, once the time to enroll one is over. */
export const enforcement: Rule = {
  name: 'enforcement',
  evaluate: (policy) =>
    policy.requirement === 'ALWAYS'
      ? finding(policy, {
          rule: 'enforcement',
          effect: 'ENFORCE',
          isSparedByDevice: true,
          explanation: 'Everybody needs a second factor.',
        })
      : undefined,
};
