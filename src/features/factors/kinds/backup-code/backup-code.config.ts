import { z } from 'zod';
import { defineSettings, setting } from '../../../../kernel';

export const backupCodeSettings = defineSettings('backup codes', {
  groups: setting({
    env: 'BACKUP_CODE_GROUPS',
    about: 'How many groups of four a backup code has: three are 60 bits, four are 80.',
    example: '3',
    schema: z.coerce.number().int().min(3).max(4).default(3),
  }),
});
