import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the policy decided when the flow began, and holds for its life. */
const COLUMNS = [
  ['policy_version', 'integer'],
  ['allowed_kinds', 'text[]'],
  ['attempts_max', 'integer NOT NULL DEFAULT 5'],
  ['push_digits', 'integer NOT NULL DEFAULT 2'],
  ['enrollment_due_at', 'timestamptz'],
  ['remember_device_days', 'integer'],
  ['action', 'text'],
  ['place', 'jsonb'],
] as const;

export class Decisions1767225625000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const [name, type] of COLUMNS)
      await runner.query(`ALTER TABLE auth_flow ADD COLUMN ${name} ${type}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const [name] of COLUMNS) await runner.query(`ALTER TABLE auth_flow DROP COLUMN ${name}`);
  }
}
