import type { MigrationInterface, QueryRunner } from 'typeorm';

export class BackupCode1767225616000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE backup_code_set (
        factor_id text PRIMARY KEY REFERENCES factor (id),
        salt bytea NOT NULL,
        key_version text NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE backup_code (
        factor_id text NOT NULL REFERENCES backup_code_set (factor_id),
        position integer NOT NULL,
        hash bytea NOT NULL,
        used_at timestamptz,
        PRIMARY KEY (factor_id, position)
      ) WITH (fillfactor = 80)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE backup_code, backup_code_set');
  }
}
