import { z } from 'zod';
import { defineSettings, setting } from '../../kernel';

export const telemetrySettings = defineSettings('telemetry', {
  logLevel: setting({
    env: 'LOG_LEVEL',
    about: 'How much is logged.',
    example: 'info',
    schema: z.enum(['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace']).default('info'),
  }),
});
