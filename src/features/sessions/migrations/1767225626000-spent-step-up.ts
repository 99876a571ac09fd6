import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The time of the proof that an operation of the highest class has used up. */
export class SpentStepUp1767225626000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE session ADD COLUMN step_up_spent timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE session DROP COLUMN step_up_spent');
  }
}
