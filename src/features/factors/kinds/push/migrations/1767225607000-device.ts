import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Device1767225607000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE device (
        id text PRIMARY KEY,
        factor_id text NOT NULL UNIQUE REFERENCES factor (id) ON DELETE CASCADE,
        user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        name text NOT NULL,
        platform text NOT NULL,
        model text,
        app_version text,
        public_jwk jsonb NOT NULL,
        algorithm text NOT NULL,
        thumbprint text NOT NULL UNIQUE,
        push_token text,
        registered_at timestamptz NOT NULL,
        last_seen_at timestamptz,
        revoked_at timestamptz
      )`);
    await runner.query('CREATE INDEX device_user ON device (user_id)');
    await runner.query(`
      CREATE TABLE device_jti (
        device_id text NOT NULL REFERENCES device (id) ON DELETE CASCADE,
        jti text NOT NULL,
        expires_at timestamptz NOT NULL,
        PRIMARY KEY (device_id, jti)
      )`);
    await runner.query('CREATE INDEX device_jti_expiry ON device_jti (expires_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE device_jti, device');
  }
}
