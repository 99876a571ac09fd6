import type { MigrationInterface, QueryRunner } from 'typeorm';

export class TotpSecret1767225606000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE totp_secret (
        factor_id text PRIMARY KEY REFERENCES factor (id),
        sealed_secret text NOT NULL,
        last_step bigint NOT NULL,
        drift_seconds integer NOT NULL
      ) WITH (fillfactor = 70)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE totp_secret');
  }
}
