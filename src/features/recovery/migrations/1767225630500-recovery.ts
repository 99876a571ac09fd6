import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Recovery1767225630500 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE recovery_request (
        id text PRIMARY KEY,
        user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        flow_id text NOT NULL,
        status text NOT NULL,
        message text,
        context jsonb NOT NULL,
        required_approvals integer NOT NULL,
        is_emergency boolean NOT NULL DEFAULT false,
        created_at timestamptz NOT NULL,
        approved_at timestamptz,
        ready_at timestamptz,
        expires_at timestamptz NOT NULL,
        told_half_at timestamptz,
        factor_id text,
        ended_at timestamptz
      ) WITH (fillfactor = 80)`);
    // One request of a user lives at a time: a second one is the same one.
    await runner.query(
      'CREATE UNIQUE INDEX recovery_request_live ON recovery_request (user_id) WHERE ended_at IS NULL',
    );
    await runner.query('CREATE INDEX recovery_request_by_status ON recovery_request (status, id)');
    await runner.query('CREATE INDEX recovery_request_of_user ON recovery_request (user_id)');
    await runner.query(
      'CREATE INDEX recovery_request_of_code ON recovery_request (factor_id) WHERE factor_id IS NOT NULL',
    );
    await runner.query(`
      CREATE TABLE recovery_decision (
        request_id text NOT NULL REFERENCES recovery_request (id) ON DELETE CASCADE,
        decider_id text NOT NULL,
        is_approval boolean NOT NULL,
        is_emergency boolean NOT NULL,
        identity_check text,
        evidence_reference text,
        note text NOT NULL,
        decided_at timestamptz NOT NULL DEFAULT gateway_now(),
        PRIMARY KEY (request_id, decider_id)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE recovery_decision, recovery_request');
  }
}
