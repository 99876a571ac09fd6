import type { MigrationInterface, QueryRunner } from 'typeorm';

export class PasswordChangeRequired1767225660000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users ADD COLUMN password_change_required_at timestamptz');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE users DROP COLUMN password_change_required_at');
  }
}
