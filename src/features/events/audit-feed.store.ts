import type { Sql } from '../../platform';
import { AUDIT_LINE, type AuditLine } from './audit-event.store';

/** A line, and the transaction that wrote it. */
export type FedLine = AuditLine & { readonly xid: string };

/** Which transactions had ended at this instant, as text. */
export const currentSnapshot = async (sql: Sql): Promise<string> =>
  (await sql.row<{ snapshot: string }>('SELECT pg_current_snapshot()::text AS snapshot'))?.snapshot ?? '';

/**
 * What was committed after the snapshot `since` and can be seen in `until`: each line lies between exactly two snapshots in a row,
 * however long its transaction took. `users` null: everybody's.
 */
export const linesBetween = (
  sql: Sql,
  since: string,
  until: string,
  users: readonly string[] | null,
  after: Pick<FedLine, 'xid' | 'id'>,
  count: number,
): Promise<FedLine[]> =>
  sql.rows<FedLine>(
    `SELECT ${AUDIT_LINE}, e.xid::text AS xid FROM audit_event e
     WHERE e.xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(e.xid, $1::pg_snapshot)
       AND pg_visible_in_snapshot(e.xid, $2::pg_snapshot)
       AND ($3::text[] IS NULL OR e.user_id = ANY ($3::text[]))
       AND (e.xid, e.id) > ($4::xid8, $5)
     ORDER BY e.xid, e.id LIMIT $6`,
    [since, until, users, after.xid, after.id, count],
  );
