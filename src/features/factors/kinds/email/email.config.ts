import { z } from 'zod';
import { defineSettings, setting } from '../../../../kernel';

export const emailSettings = defineSettings('email', {
  isFactor: setting({
    env: 'EMAIL_FACTOR',
    about:
      '`on`: a code sent by e-mail is a factor. Off by default, since e-mail is no authenticator under NIST SP 800-63B §3.1.3.1; codes for sign-up and password reset are sent in any case.',
    example: 'on',
    schema: z
      .enum(['on', 'off', 'true', 'false'], 'must be `on` or `off`')
      .default('off')
      .transform((word) => word === 'on' || word === 'true'),
  }),
  codeSeconds: setting({
    env: 'EMAIL_CODE_SECONDS',
    about: 'How long a code sent by e-mail as a factor is valid; at most 600.',
    example: '300',
    schema: z.coerce.number().int().min(60).max(600).default(300),
  }),
});
