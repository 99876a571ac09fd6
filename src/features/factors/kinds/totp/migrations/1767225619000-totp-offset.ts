import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Apps whose clock is far off, and known to be. */
export class TotpOffset1767225619000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE totp_secret ADD COLUMN offset_seconds integer NOT NULL DEFAULT 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE totp_secret DROP COLUMN offset_seconds');
  }
}
