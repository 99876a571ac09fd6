import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What a dashboard shows of a day: counted once, not with each look. */
export class DailyStatistics1767225643000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE daily_statistics (
        day date PRIMARY KEY,
        sign_ins integer NOT NULL,
        failures integer NOT NULL,
        push_denials integer NOT NULL,
        enrolled_users integer NOT NULL,
        users_in_grace integer NOT NULL,
        challenges jsonb NOT NULL,
        counted_at timestamptz NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE daily_statistics');
  }
}
