import type { MigrationInterface, QueryRunner } from 'typeorm';

export class SmsNumber1767225614000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE sms_number (
        factor_id text PRIMARY KEY REFERENCES factor (id),
        user_id text NOT NULL REFERENCES users (id),
        sealed_number text NOT NULL,
        number_mac bytea NOT NULL UNIQUE,
        country text NOT NULL
      )`);
    await runner.query('CREATE INDEX sms_number_user ON sms_number (user_id)');
    await runner.query(`
      CREATE TABLE sms_traffic (
        country text NOT NULL,
        day date NOT NULL,
        sent integer NOT NULL,
        used integer NOT NULL,
        PRIMARY KEY (country, day)
      ) WITH (fillfactor = 70)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE sms_traffic');
    await runner.query('DROP TABLE sms_number');
  }
}
