import type { Rule } from '../facts';

/** Whoever has enrolled a second factor is asked for it. */
export const enrolledFactor: Rule = {
  name: 'enrolled-factor',
  evaluate: ({ hasFactor }) =>
    hasFactor
      ? {
          rule: 'enrolled-factor',
          requiredAssurance: 'AAL2',
          promptReason: 'POLICY',
          explanation: 'The user has enrolled a second factor.',
        }
      : undefined,
};
