import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Flows that begin with an address: whose it is, and whether it is anybody's, is not known yet. */
export class AddressFlows1767225618000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      'ALTER TABLE auth_flow ALTER COLUMN user_id DROP NOT NULL, ADD COLUMN sealed_subject text',
    );
    await runner.query(
      'ALTER TABLE challenge ALTER COLUMN user_id DROP NOT NULL, ALTER COLUMN factor_id DROP NOT NULL',
    );
    await runner.query('CREATE INDEX auth_flow_open_of_user ON auth_flow (user_id) WHERE ended_at IS NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX auth_flow_open_of_user');
    await runner.query('DELETE FROM auth_flow WHERE user_id IS NULL');
    await runner.query('DELETE FROM challenge WHERE factor_id IS NULL');
    await runner.query('ALTER TABLE auth_flow ALTER COLUMN user_id SET NOT NULL, DROP COLUMN sealed_subject');
    await runner.query(
      'ALTER TABLE challenge ALTER COLUMN user_id SET NOT NULL, ALTER COLUMN factor_id SET NOT NULL',
    );
  }
}
