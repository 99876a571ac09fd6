import type { Sql } from '../../platform';
import type { AuditEventType } from './audit-event';
import type { ExportedEvent } from './audit-export';

/** So many rows are looked at by one statement, whether or not the filter takes any of them. */
const BLOCK = 1000;

interface Conditions {
  readonly since?: Date;
  readonly until?: Date;
  readonly types?: readonly AuditEventType[];
  readonly userId?: string;
}

/** The last id of the block that follows; nothing where the log ends. */
export const blockEnd = async (sql: Sql, after: string, userId?: string): Promise<string | undefined> => {
  const ofUser = userId === undefined ? '' : 'AND user_id = $2';
  const row = await sql.row<{ last: string | null }>(
    `SELECT max(block.id) AS last FROM (
       SELECT id FROM audit_event WHERE id > $1 ${ofUser} ORDER BY id LIMIT ${String(BLOCK)}) block`,
    userId === undefined ? [after] : [after, userId],
  );
  return row?.last ?? undefined;
};

export const eventsOfBlock = (
  sql: Sql,
  after: string,
  last: string,
  { since, until, types, userId }: Conditions,
): Promise<ExportedEvent[]> =>
  sql.rows<ExportedEvent>(
    `SELECT e.id, e.occurred_at, e.type, e.outcome, e.actor_id, e.user_id, e.factor_kind, e.factor_id, e.flow_id,
       e.session_id, e.request_id, e.context, e.reason, e.note, e.details, (
         SELECT encode(s.hash, 'hex') FROM audit_seal s WHERE s.below_xid > e.xid ORDER BY s.below_xid LIMIT 1
       ) AS chain_hash
     FROM audit_event e WHERE e.id > $1 AND e.id <= $2
       AND ($3::timestamptz IS NULL OR e.occurred_at >= $3) AND ($4::timestamptz IS NULL OR e.occurred_at < $4)
       AND ($5::text[] IS NULL OR e.type = ANY ($5)) AND ($6::text IS NULL OR e.user_id = $6)
     ORDER BY e.id`,
    [after, last, since ?? null, until ?? null, types ?? null, userId ?? null],
  );
