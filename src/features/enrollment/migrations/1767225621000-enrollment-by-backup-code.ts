import type { MigrationInterface, QueryRunner } from 'typeorm';

export class EnrollmentByBackupCode1767225621000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE enrollment ADD COLUMN is_by_backup_code boolean NOT NULL DEFAULT false');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE enrollment DROP COLUMN is_by_backup_code');
  }
}
