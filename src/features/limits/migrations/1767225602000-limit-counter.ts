import type { MigrationInterface, QueryRunner } from 'typeorm';

export class LimitCounter1767225602000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Updated at every answer: free space in each page lets the new version stay beside the old one.
    await runner.query(`
      CREATE TABLE limit_counter (
        key text PRIMARY KEY,
        count integer NOT NULL,
        since timestamptz NOT NULL,
        retry_at timestamptz
      ) WITH (fillfactor = 70)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE limit_counter');
  }
}
