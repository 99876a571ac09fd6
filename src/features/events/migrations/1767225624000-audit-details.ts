import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What an event was made of, and the way from an event to its seal. */
export class AuditDetails1767225624000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('ALTER TABLE audit_event ADD COLUMN details jsonb');
    await runner.query('CREATE INDEX audit_seal_below_xid ON audit_seal (below_xid)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX audit_seal_below_xid');
    await runner.query('ALTER TABLE audit_event DROP COLUMN details');
  }
}
