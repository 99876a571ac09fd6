import type { MigrationInterface, QueryRunner } from 'typeorm';

export class KnownDevices1767225610000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE known_device (
        id text PRIMARY KEY,
        user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        token_hash bytea NOT NULL UNIQUE,
        seed bytea NOT NULL,
        key_version text NOT NULL,
        label text NOT NULL,
        created_at timestamptz NOT NULL,
        last_used_at timestamptz NOT NULL,
        remembered_until timestamptz,
        context jsonb NOT NULL,
        revoked_at timestamptz
      )`);
    await runner.query('CREATE INDEX known_device_of_user ON known_device (user_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE known_device');
  }
}
