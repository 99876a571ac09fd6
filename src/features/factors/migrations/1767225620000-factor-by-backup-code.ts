import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a session of a backup code added is not trusted to remove other factors for a day. */
export class FactorByBackupCode1767225620000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE factor ADD COLUMN is_by_backup_code boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE factor DROP COLUMN is_by_backup_code');
  }
}
