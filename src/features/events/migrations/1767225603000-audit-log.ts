import type { MigrationInterface, QueryRunner } from 'typeorm';

export class AuditLog1767225603000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    // Ids compare byte by byte (COLLATE "C"), so that the order of a sealed batch is the same on every
    // server.
    await runner.query(`
      CREATE TABLE audit_event (
        id text COLLATE "C" PRIMARY KEY,
        type text NOT NULL,
        outcome text NOT NULL CHECK (outcome IN ('SUCCESS', 'FAILURE')),
        occurred_at timestamptz NOT NULL DEFAULT gateway_now(),
        xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
        actor_id text,
        user_id text,
        factor_kind text,
        factor_id text,
        flow_id text,
        session_id text,
        request_id text,
        context jsonb,
        reason text,
        note text
      )`);
    await runner.query('CREATE INDEX audit_event_xid ON audit_event (xid, id)');
    await runner.query(
      'CREATE INDEX audit_event_user ON audit_event (user_id, id) WHERE user_id IS NOT NULL',
    );
    await runner.query(`
      CREATE TABLE audit_seal (
        seq bigint PRIMARY KEY,
        below_xid xid8 NOT NULL,
        event_count integer NOT NULL,
        first_event_id text NOT NULL,
        last_event_id text NOT NULL,
        hash bytea NOT NULL,
        key_version text NOT NULL,
        sealed_at timestamptz NOT NULL DEFAULT gateway_now()
      )`);
    await refuseChanges(runner);
    await leaveOnlyAppending(runner);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE audit_seal, audit_event');
    await runner.query('DROP FUNCTION refuse_change()');
  }
}

/** ENABLE ALWAYS: the refusal holds for a session in replication mode, too. */
async function refuseChanges(runner: QueryRunner): Promise<void> {
  await runner.query(`
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
    END $$`);
  for (const table of ['audit_event', 'audit_seal']) {
    await runner.query(`
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ${table}
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
    await runner.query(`ALTER TABLE ${table} ENABLE ALWAYS TRIGGER append_only`);
  }
}

/**
 * Where the gateway signs in as another role than the owner of the tables (`MIGRATION_DATABASE_URL`), that
 * role may only read and append, and cannot take the trigger away. `migrate` names the role in
 * `factorgate.application_role`; the REVOKE undoes what default privileges of the schema may have granted.
 */
async function leaveOnlyAppending(runner: QueryRunner): Promise<void> {
  await runner.query(`
    DO $$
    DECLARE application text := current_setting('factorgate.application_role', true);
    BEGIN
      IF application <> '' THEN
        EXECUTE format('REVOKE ALL ON audit_event, audit_seal FROM %I', application);
        EXECUTE format('GRANT SELECT, INSERT ON audit_event, audit_seal TO %I', application);
      END IF;
    END $$`);
}
