import type { Rule } from '../facts';

/** Every person needs a second factor, whether or not one is enrolled yet; programs are left out. */
export const requiredForEverybody: Rule = {
  name: 'required-for-everybody',
  evaluate: ({ isMfaRequired, accountType }) =>
    isMfaRequired && accountType === 'PERSON'
      ? {
          rule: 'required-for-everybody',
          requiredAssurance: 'AAL2',
          promptReason: 'POLICY',
          explanation: 'Everybody needs a second factor.',
        }
      : undefined,
};
