import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Sessions1767225611000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE session (
        id text PRIMARY KEY,
        user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        client_id text NOT NULL,
        application_name text,
        flow_id text NOT NULL UNIQUE,
        known_device_id text REFERENCES known_device (id) ON DELETE SET NULL,
        proofs jsonb NOT NULL,
        assurance text NOT NULL,
        methods text[] NOT NULL,
        authenticated_at timestamptz NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        revoked_at timestamptz,
        revoked_reason text,
        context jsonb NOT NULL
      )`);
    await runner.query('CREATE INDEX session_of_user ON session (user_id, created_at)');
    await runner.query('CREATE INDEX session_of_known_device ON session (known_device_id)');
    await runner.query('CREATE INDEX session_expiry ON session (expires_at)');
    await runner.query(`
      CREATE TABLE refresh_token (
        hash bytea PRIMARY KEY,
        session_id text NOT NULL REFERENCES session (id) ON DELETE CASCADE,
        key_version text NOT NULL,
        parent_hash bytea,
        created_at timestamptz NOT NULL,
        used_at timestamptz,
        child_hash bytea UNIQUE
      )`);
    await runner.query('CREATE INDEX refresh_token_of_session ON refresh_token (session_id)');
    await runner.query(`
      CREATE TABLE signing_key (
        kid text PRIMARY KEY,
        algorithm text NOT NULL,
        public_jwk jsonb NOT NULL,
        sealed_private text NOT NULL,
        created_at timestamptz NOT NULL,
        active_from timestamptz NOT NULL,
        retire_at timestamptz,
        revoked_at timestamptz
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE signing_key');
    await runner.query('DROP TABLE refresh_token');
    await runner.query('DROP TABLE session');
  }
}
