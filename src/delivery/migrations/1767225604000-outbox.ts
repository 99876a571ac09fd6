import type { MigrationInterface, QueryRunner } from 'typeorm';

export class Outbox1767225604000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE outbox (
        id text PRIMARY KEY,
        channel text NOT NULL,
        sealed text,
        reference text,
        state text NOT NULL DEFAULT 'QUEUED' CHECK (state IN ('QUEUED', 'SENT', 'FAILED')),
        due_at timestamptz NOT NULL DEFAULT gateway_now(),
        attempts integer NOT NULL DEFAULT 0,
        claimed_until timestamptz,
        created_at timestamptz NOT NULL DEFAULT gateway_now(),
        expires_at timestamptz,
        CONSTRAINT outbox_holds_no_settled_message CHECK ((state = 'QUEUED') = (sealed IS NOT NULL))
      )`);
    await runner.query(`CREATE INDEX outbox_due ON outbox (channel, due_at) WHERE state = 'QUEUED'`);
    await runner.query(`CREATE INDEX outbox_settled ON outbox (created_at) WHERE state <> 'QUEUED'`);
    await runner.query(`
      CREATE TABLE dev_inbox (
        id text PRIMARY KEY,
        seq bigint NOT NULL UNIQUE GENERATED ALWAYS AS IDENTITY,
        at timestamptz NOT NULL DEFAULT gateway_now(),
        channel text NOT NULL,
        "to" text NOT NULL,
        subject text NOT NULL,
        text text NOT NULL,
        data jsonb NOT NULL
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE dev_inbox, outbox');
  }
}
