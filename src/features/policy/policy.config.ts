import { z } from 'zod';
import { defineSettings, setting } from '../../kernel';

export const policySettings = defineSettings('policy', {
  policyFile: setting({
    env: 'POLICY_FILE',
    about:
      'The path of a policy file; it is applied at start when its content differs from the one applied last. Without it the policy is changed by the API and by `factorgate policy apply`.',
    example: '/etc/factorgate/policy.yaml',
    schema: z.string().min(1).optional(),
  }),
});
