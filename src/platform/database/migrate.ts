import type { DataSource, QueryRunner } from 'typeorm';

/** Any number that no other program uses for its advisory lock on the same database. */
const MIGRATION_LOCK = 4_711_020_261;

/**
 * Brings the schema up to date and says which migrations ran. Processes that start together wait for each other
 * on an advisory lock, since TypeORM takes none.
 */
export async function migrate(source: DataSource): Promise<string[]> {
  const runner = source.createQueryRunner();
  try {
    await runner.query('SET statement_timeout = 0');
    await runner.query(`SELECT pg_advisory_lock(${String(MIGRATION_LOCK)})`);
    try {
      await grantToApplication(runner);
      const ran = await source.runMigrations({ transaction: 'all' });
      return ran.map((migration) => migration.name);
    } finally {
      await runner.query(`SELECT pg_advisory_unlock(${String(MIGRATION_LOCK)})`);
      await runner.query('SET statement_timeout = 2000');
    }
  } finally {
    await runner.release();
  }
}

/** Tables made from now on can be used by the role that the gateway signs in as; see `migratesFor`. */
async function grantToApplication(runner: QueryRunner): Promise<void> {
  await runner.query(`
    DO $$
    DECLARE application text := current_setting('factorgate.application_role', true);
    BEGIN
      IF application <> '' THEN
        EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', application);
        EXECUTE format(
          'ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', application);
        EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE ON SEQUENCES TO %I', application);
      END IF;
    END $$`);
}
