import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Old batches may leave the log, and nothing else may. A checkpoint stands for them: the seal that the rest of the chain
 * goes on from. Rows leave by one function, which takes only what the newest checkpoint covers and what is 30 days old or
 * older: whoever takes a gateway over cannot remove the traces of it.
 */
export class AuditPruning1767225651000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE audit_checkpoint (
        seq bigint PRIMARY KEY,
        below_xid xid8 NOT NULL,
        seal_hash bytea NOT NULL,
        event_count bigint NOT NULL,
        sealed_until timestamptz NOT NULL,
        mac bytea NOT NULL,
        key_version text NOT NULL,
        made_at timestamptz NOT NULL DEFAULT gateway_now()
      )`);
    await runner.query('CREATE INDEX audit_seal_sealed_at ON audit_seal (sealed_at, seq)');
    // Set by the function alone. Where the gateway is not the owner it has no right to DELETE besides.
    await runner.query(`
      CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'DELETE' AND current_setting('factorgate.pruning', true) = 'on' THEN RETURN NULL; END IF;
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await runner.query(`
      CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_checkpoint
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()`);
    await runner.query('ALTER TABLE audit_checkpoint ENABLE ALWAYS TRIGGER append_only');
    await runner.query(PRUNE);
    await runner.query('REVOKE ALL ON FUNCTION prune_audit_log(integer) FROM PUBLIC');
    await runner.query(`
      DO $$
      DECLARE application text := current_setting('factorgate.application_role', true);
      BEGIN
        IF application <> '' THEN
          EXECUTE format('REVOKE ALL ON audit_checkpoint FROM %I', application);
          EXECUTE format('GRANT SELECT, INSERT ON audit_checkpoint TO %I', application);
          EXECUTE format('GRANT EXECUTE ON FUNCTION prune_audit_log(integer) TO %I', application);
        END IF;
      END $$`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION prune_audit_log(integer)');
    await runner.query('DROP TABLE audit_checkpoint');
    await runner.query('DROP INDEX audit_seal_sealed_at');
    await runner.query(`
      CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
      END $$`);
  }
}

/** Removes at most that many events, the oldest first, then as many seals; 0: nothing is left to remove. */
const PRUNE = `
  CREATE FUNCTION prune_audit_log(rows_max integer) RETURNS integer
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET factorgate.pruning = 'on' AS $$
  DECLARE
    covered public.audit_checkpoint;
    removed integer;
    newest timestamptz;
  BEGIN
    SELECT * INTO covered FROM public.audit_checkpoint ORDER BY seq DESC LIMIT 1;
    IF NOT FOUND THEN RETURN 0; END IF;
    WITH gone AS (
      DELETE FROM public.audit_event WHERE id IN (
        SELECT id FROM public.audit_event WHERE xid < covered.below_xid ORDER BY xid, id LIMIT rows_max)
      RETURNING occurred_at
    ) SELECT count(*), max(occurred_at) INTO removed, newest FROM gone;
    IF newest > public.gateway_now() - interval '30 days' THEN
      RAISE EXCEPTION 'audit_event is append-only for 30 days' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF removed > 0 THEN RETURN removed; END IF;
    DELETE FROM public.audit_seal WHERE seq IN (
      SELECT seq FROM public.audit_seal WHERE seq <= covered.seq ORDER BY seq LIMIT rows_max);
    GET DIAGNOSTICS removed = ROW_COUNT;
    RETURN removed;
  END $$`;
