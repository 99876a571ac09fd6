import { z } from 'zod';
import { defineSettings, setting } from '../../../../kernel';

export const emailSettings = defineSettings('email', {
  codeSeconds: setting({
    env: 'EMAIL_CODE_SECONDS',
    about: 'How long a code sent by e-mail as a factor is valid; at most 600.',
    example: '300',
    schema: z.coerce.number().int().min(60).max(600).default(300),
  }),
});
