import { z } from 'zod';
import { defineSettings, setting } from '../../../../kernel';

export const totpSettings = defineSettings('totp', {
  issuer: setting({
    env: 'TOTP_ISSUER',
    about: 'The name that authenticator apps show above the code. Default: `GATEWAY_NAME`.',
    example: 'Example Corp',
    schema: z.string().trim().min(1).max(60).optional(),
  }),
});
