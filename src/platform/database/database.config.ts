import { z } from 'zod';
import { defineSettings, setting } from '../../kernel';

export const databaseSettings = defineSettings('database', {
  url: setting({
    env: 'DATABASE_URL',
    about: 'PostgreSQL 15 or newer. Without it the gateway runs on the embedded database in `DATA_DIR`.',
    example: 'postgres://factorgate:secret@db.internal:5432/factorgate?sslmode=verify-full',
    isSecret: true,
    schema: z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'must begin with postgres://')
      .optional(),
    refuseInProduction: (value) =>
      value === undefined
        ? 'the embedded database is for development: it does not survive power loss'
        : undefined,
  }),
  migrationUrl: setting({
    env: 'MIGRATION_DATABASE_URL',
    about: 'The owner of the tables, used by `factorgate migrate` only. Default: `DATABASE_URL`.',
    example: 'postgres://owner:secret@db.internal:5432/factorgate',
    isSecret: true,
    schema: z.string().optional(),
  }),
  dataDir: setting({
    env: 'DATA_DIR',
    about: 'Where the embedded database and its keys are kept.',
    example: './data',
    schema: z.string().min(1).default('./data'),
  }),
  poolSize: setting({
    env: 'DATABASE_POOL_SIZE',
    about: 'How many connections one process may hold.',
    example: '10',
    schema: z.coerce.number().int().min(2).max(200).default(10),
  }),
});
