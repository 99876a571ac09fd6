import { z } from 'zod';
import { defineSettings, setting } from '../../kernel';

const ENTRY = /^([A-Za-z0-9._-]{1,40})=(.{1,60})$/;

export const authFlowSettings = defineSettings('applications', {
  applications: setting({
    env: 'APPLICATIONS',
    about:
      'The applications that people sign in to, as `<client id>=<name>` joined by commas. The first is the default. Default: one, named like the gateway.',
    example: 'web=Example Web,mobile=Example Mobile',
    schema: z
      .string()
      .transform((text) => text.split(',').map((entry) => ENTRY.exec(entry.trim())))
      .refine((entries) => entries.every(Boolean), 'each must be <client id>=<name>')
      .transform((entries) =>
        entries.map((entry) => ({ clientId: entry?.[1] ?? '', name: entry?.[2]?.trim() ?? '' })),
      )
      .optional(),
  }),
  isSignUpAllowed: setting({
    env: 'SIGN_UP',
    about: 'Whether anybody may register. Default: `on` outside production, `off` in production.',
    example: 'on',
    schema: z
      .enum(['on', 'off'])
      .transform((word) => word === 'on')
      .optional(),
  }),
});

export interface Application {
  readonly clientId: string;
  readonly name: string;
}
