import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Enrollments that send a code. */
export class EnrollmentMessage1767225612000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE enrollment ADD COLUMN sent_to text, ADD COLUMN resendable_at timestamptz',
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE enrollment DROP COLUMN sent_to, DROP COLUMN resendable_at');
  }
}
