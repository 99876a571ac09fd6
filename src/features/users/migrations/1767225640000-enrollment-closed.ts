import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Set while the password alone may not enroll a factor. */
export class EnrollmentClosed1767225640000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users ADD COLUMN enrollment_closed_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users DROP COLUMN enrollment_closed_at');
  }
}
