import type { MigrationInterface, QueryRunner } from 'typeorm';

export class TemporaryCode1767225630000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE temporary_code (
        factor_id text PRIMARY KEY REFERENCES factor (id) ON DELETE CASCADE,
        hash bytea NOT NULL,
        key_version text NOT NULL,
        length integer NOT NULL,
        used_at timestamptz
      )`);
    // A factor of this kind has the end of its life as its row's \`revoked_at\` from the beginning.
    await runner.query(
      `CREATE INDEX factor_temporary ON factor (user_id, revoked_at) WHERE kind = 'TEMPORARY_CODE'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX factor_temporary');
    await runner.query('DROP TABLE temporary_code');
  }
}
