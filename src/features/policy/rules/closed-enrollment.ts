import type { Rule } from '../facts';
import { finding } from '../finding';

/** An account whose factors the help desk took away is not opened again by its password, whatever else the policy says. */
export const closedEnrollment: Rule = {
  name: 'closed-enrollment',
  evaluate: (policy, { isEnrollmentClosed, factorKinds }) =>
    isEnrollmentClosed && factorKinds.length === 0
      ? finding(policy, {
          rule: 'closed-enrollment',
          effect: 'REQUIRE',
          explanation: 'The factors of this account were reset: only an approved recovery opens it again.',
        })
      : undefined,
};
