import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Enrollment1767225609000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE enrollment (
        id text PRIMARY KEY,
        user_id text NOT NULL REFERENCES users (id),
        kind text NOT NULL,
        status text NOT NULL,
        token_hash bytea NOT NULL UNIQUE,
        pairing_hash bytea UNIQUE,
        sealed_kept text,
        label text,
        factor_id text NOT NULL,
        flow_id text,
        session_id text,
        attempts integer NOT NULL DEFAULT 0,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await runner.query(
      `CREATE INDEX enrollment_pending ON enrollment (user_id, kind) WHERE status = 'PENDING'`,
    );
    await runner.query('CREATE INDEX enrollment_until ON enrollment (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE enrollment');
  }
}
