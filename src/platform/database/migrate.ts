import type { DataSource } from 'typeorm';

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
