import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Flows and their challenges, made together since each refers to the other. */
export class AuthFlow1767225608000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE auth_flow (
        id text PRIMARY KEY,
        purpose text NOT NULL,
        status text NOT NULL,
        reason text,
        user_id text NOT NULL REFERENCES users (id),
        token_hash bytea NOT NULL UNIQUE,
        client_id text NOT NULL,
        application_name text NOT NULL,
        required_assurance text NOT NULL,
        prompt_reasons text[] NOT NULL,
        proofs jsonb NOT NULL,
        session_id text,
        known_device_id text,
        message text,
        context jsonb NOT NULL,
        completed_by bytea,
        version integer NOT NULL,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        ended_at timestamptz
      ) WITH (fillfactor = 70)`);
    await runner.query('CREATE INDEX auth_flow_open ON auth_flow (expires_at) WHERE ended_at IS NULL');
    await runner.query('CREATE INDEX auth_flow_ended ON auth_flow (ended_at) WHERE ended_at IS NOT NULL');
    await runner.query(`
      CREATE TABLE challenge (
        id text PRIMARY KEY,
        flow_id text NOT NULL REFERENCES auth_flow (id) ON DELETE CASCADE,
        user_id text NOT NULL,
        factor_id text NOT NULL REFERENCES factor (id),
        kind text NOT NULL,
        status text NOT NULL,
        attempts integer NOT NULL,
        attempts_max integer NOT NULL,
        sealed_kept text,
        sent_to text,
        delivery text,
        created_at timestamptz NOT NULL,
        expires_at timestamptz NOT NULL,
        resendable_at timestamptz,
        ended_at timestamptz
      ) WITH (fillfactor = 70)`);
    await runner.query('CREATE INDEX challenge_of_flow ON challenge (flow_id)');
    await runner.query(
      `CREATE UNIQUE INDEX challenge_open_in_flow ON challenge (flow_id) WHERE status = 'OPEN'`,
    );
    await runner.query(
      `CREATE INDEX challenge_open_of_factor ON challenge (factor_id) WHERE status = 'OPEN'`,
    );
    await runner.query(
      `CREATE INDEX challenge_open_of_user ON challenge (user_id, kind) WHERE status = 'OPEN'`,
    );
    await runner.query(`CREATE INDEX challenge_open_until ON challenge (expires_at) WHERE status = 'OPEN'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE challenge');
    await runner.query('DROP TABLE auth_flow');
  }
}
