/**
 * The kind BACKUP_CODE: single-use codes from a printed list, the way back in when everything else is away. One factor
 * stands for the whole set. Only Argon2id hashes are kept, under one salt a set and a key from outside the database, so
 * that an attempt costs one hash.
 */
import { z } from 'zod';
import { CodeChallenge, CodeFormat, defineFactorKind } from '../../contract';
import { canonical, isCode } from './backup-code';
import { backupCodeSettings } from './backup-code.config';
import { BackupCodeDriver, keptLength } from './backup-code.driver';
import { BackupCodePortability } from './backup-code-portability.driver';
import { BackupCodeEntity, BackupCodeSetEntity } from './backup-code.entity';
import { BackupCodeFactorResolver } from './backup-code.graphql';
import { BackupCode1767225616000 } from './migrations/1767225616000-backup-code';

export const backupCode = defineFactorKind({
  kind: 'BACKUP_CODE',
  description: 'Single-use codes from a printed list.',
  traits: {
    amr: ['backup_code'],
    answeredBy: 'client',
    isPhishingResistant: false,
    isGuessable: true,
    limitPerUser: 1,
    preference: 0,
    proofField: 'code',
    startLimits: [],
  },
  settings: [backupCodeSettings],
  proof: z
    .string()
    .max(64)
    .regex(/^[\x20-\x7e]*$/, 'Only the letters and digits of the list.')
    .transform(canonical)
    .refine(isCode, 'The code looks like XXXX-XXXX-XXXX.'),
  entities: [BackupCodeSetEntity, BackupCodeEntity],
  migrations: [BackupCode1767225616000],
  graphql: {
    challenge: (view) => CodeChallenge.from(view, keptLength(view.kept), CodeFormat.ALPHANUMERIC),
    resolvers: [BackupCodeFactorResolver],
    orphanedTypes: [],
  },
  create: ({ config, sql, keyring, chance }) => {
    const { groups } = config.of(backupCodeSettings);
    const driver = new BackupCodeDriver(sql, keyring, chance, groups);
    return {
      driver,
      resolvers: [new BackupCodeFactorResolver(sql)],
      codeSets: driver,
      portability: new BackupCodePortability(keyring),
    };
  },
});
