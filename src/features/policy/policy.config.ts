import { z } from 'zod';
import { defineSettings, setting } from '../../kernel';

export const policySettings = defineSettings('policy', {
  isMfaRequired: setting({
    env: 'MFA_REQUIRED',
    about:
      'Whether every person must have a second factor: whoever has none enrolls one at the next sign-in.',
    example: 'true',
    schema: z
      .enum(['true', 'false'])
      .default('false')
      .transform((word) => word === 'true'),
  }),
});
