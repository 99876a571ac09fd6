import type { MigrationInterface, QueryRunner } from 'typeorm';

export class EnrollmentDue1767225621500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users ADD COLUMN enrollment_due_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users DROP COLUMN enrollment_due_at');
  }
}
