import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Who hears of events, and what each of them has still to hear. */
export class Webhooks1767225650000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE webhook_endpoint (
        id text PRIMARY KEY,
        url text NOT NULL,
        event_types text[],
        secret text NOT NULL,
        previous_secret text,
        previous_until timestamptz,
        state text NOT NULL DEFAULT 'ACTIVE' CHECK (state IN ('ACTIVE', 'PAUSED', 'PARKED')),
        last_taken_at timestamptz,
        last_fault text,
        created_at timestamptz NOT NULL DEFAULT gateway_now(),
        CONSTRAINT webhook_endpoint_previous CHECK ((previous_secret IS NULL) = (previous_until IS NULL))
      )`);
    // No foreign key to the event: the log outlives, and is pruned, without asking.
    await runner.query(`
      CREATE TABLE webhook_delivery (
        seq bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
        endpoint_id text NOT NULL REFERENCES webhook_endpoint ON DELETE CASCADE,
        event_id text COLLATE "C" NOT NULL,
        lane text NOT NULL,
        state text NOT NULL DEFAULT 'QUEUED' CHECK (state IN ('QUEUED', 'SENT', 'FAILED')),
        due_at timestamptz NOT NULL DEFAULT gateway_now(),
        attempts integer NOT NULL DEFAULT 0,
        first_tried_at timestamptz,
        claimed_until timestamptz,
        created_at timestamptz NOT NULL DEFAULT gateway_now(),
        UNIQUE (endpoint_id, event_id)
      )`);
    await runner.query(
      `CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint_id, due_at) WHERE state = 'QUEUED'`,
    );
    await runner.query(
      `CREATE INDEX webhook_delivery_lane ON webhook_delivery (endpoint_id, lane, seq) WHERE state = 'QUEUED'`,
    );
    await runner.query('CREATE INDEX webhook_delivery_created ON webhook_delivery (created_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE webhook_delivery, webhook_endpoint');
  }
}
