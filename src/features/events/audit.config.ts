import { z } from 'zod';
import { defineSettings, setting } from '../../kernel';

export const auditSettings = defineSettings('audit', {
  retentionDays: setting({
    env: 'AUDIT_RETENTION_DAYS',
    about:
      'How many days the audit log is kept; older sealed batches are removed once a day, and what is left verifies as before. Default: for ever.',
    example: '730',
    schema: z.coerce.number().int().min(30, 'must be at least 30 days').max(36_500).optional(),
  }),
});
