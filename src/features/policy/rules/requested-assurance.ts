import type { Rule } from '../facts';

/** An application may ask for more than the policy does, never for less. */
export const requestedAssurance: Rule = {
  name: 'requested-assurance',
  evaluate: ({ requestedAssurance: wanted }) =>
    wanted === null || wanted === 'AAL1'
      ? undefined
      : {
          rule: 'requested-assurance',
          requiredAssurance: wanted,
          promptReason: 'STEP_UP',
          explanation: `The application asked for ${wanted}.`,
        },
};
