import { z } from 'zod';
import { defineSettings, setting } from '../../kernel';
import { parseKeyring } from './keyring';

export const keyringSettings = defineSettings('keyring', {
  keyring: setting({
    env: 'KEYRING',
    about:
      'Keys that seal secrets at rest, newest first; print one with `factorgate keys new`. The embedded gateway makes its own in `DATA_DIR`.',
    example: 'v2:<base64 of 32 bytes>,v1:<base64 of 32 bytes>',
    isSecret: true,
    schema: z
      .string()
      .superRefine((text, context) => {
        const parsed = parseKeyring(text);
        if ('fault' in parsed) context.addIssue({ code: 'custom', message: parsed.fault });
      })
      .optional(),
    refuseInProduction: (value) =>
      value === undefined ? 'secrets at rest need a key from outside the database' : undefined,
  }),
});
