import type { Rule } from '../facts';
import { finding } from '../finding';

/** An application may ask for more than the policy does, never for less. */
export const requestedAssurance: Rule = {
  name: 'requested-assurance',
  evaluate: (policy, { requestedAssurance: wanted }) =>
    wanted === null || wanted === 'AAL1'
      ? undefined
      : finding(policy, {
          rule: 'requested-assurance',
          effect: 'REQUIRE',
          level: wanted,
          promptReason: 'STEP_UP',
          explanation: `The application asked for ${wanted}.`,
        }),
};
