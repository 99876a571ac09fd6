import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Factor1767225605000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE factor (
        id text PRIMARY KEY,
        user_id text NOT NULL REFERENCES users (id),
        kind text NOT NULL,
        label text,
        hint text,
        is_preferred boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL DEFAULT gateway_now(),
        last_used_at timestamptz,
        revoked_at timestamptz
      ) WITH (fillfactor = 80)`);
    await runner.query('CREATE INDEX factor_of_user ON factor (user_id) WHERE revoked_at IS NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE factor');
  }
}
