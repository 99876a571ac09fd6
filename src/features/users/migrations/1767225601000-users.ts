import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Users1767225601000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE users (
        id text PRIMARY KEY,
        external_id text UNIQUE,
        account_type text NOT NULL,
        email text NOT NULL,
        email_key text NOT NULL UNIQUE,
        email_verified_at timestamptz,
        display_name text,
        locale text,
        roles text[] NOT NULL,
        status text NOT NULL,
        locked_until timestamptz,
        password_hash text,
        password_key text,
        password_changed_at timestamptz,
        last_sign_in_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT gateway_now()
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE users');
  }
}
