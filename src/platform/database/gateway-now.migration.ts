import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The clock of every decision. Over `clock_timestamp()`, since `now()` stands still after a lock wait:
 * a statement that waited past a deadline must see that it is late. A test database replaces the function.
 */
export class GatewayNow1767225600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE FUNCTION gateway_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT clock_timestamp()'`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION gateway_now()');
  }
}
