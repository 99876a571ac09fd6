import type { MigrationInterface, QueryRunner } from 'typeorm';

export class EmailAddress1767225615000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE email_address (
        factor_id text PRIMARY KEY REFERENCES factor (id),
        user_id text NOT NULL REFERENCES users (id),
        sealed_address text NOT NULL,
        address_mac bytea NOT NULL UNIQUE
      )`);
    await runner.query('CREATE INDEX email_address_user ON email_address (user_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE email_address');
  }
}
