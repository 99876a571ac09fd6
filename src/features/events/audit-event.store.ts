import type { ClientContext } from '../../kernel';
import type { Sql } from '../../platform';
import type { AuditEventType, AuditOutcome } from './audit-event';

/** A line of the log as it is shown. */
export interface AuditLine {
  readonly id: string;
  readonly type: AuditEventType;
  readonly outcome: AuditOutcome;
  readonly occurredAt: Date;
  readonly actorId: string | null;
  readonly userId: string | null;
  readonly factorKind: string | null;
  readonly flowId: string | null;
  readonly context: ClientContext | null;
  readonly note: string | null;
  /** Hexadecimal; of the seal over the batch that it is part of. Null until sealed. */
  readonly chainHash: string | null;
}

/** The columns of `AuditLine`, from `audit_event e`. */
export const AUDIT_LINE = `e.id, e.type, e.outcome, e.occurred_at, e.actor_id, e.user_id, e.factor_kind, e.flow_id,
  e.context, e.note, (
    SELECT encode(s.hash, 'hex') FROM audit_seal s WHERE s.below_xid > e.xid ORDER BY s.below_xid LIMIT 1
  ) AS chain_hash`;

/** Newest first; ids that name nothing are left out. */
export const auditLines = (sql: Sql, ids: readonly string[]): Promise<AuditLine[]> =>
  ids.length === 0
    ? Promise.resolve([])
    : sql.rows<AuditLine>(
        `SELECT ${AUDIT_LINE} FROM audit_event e WHERE e.id = ANY ($1) ORDER BY e.id DESC`,
        [ids],
      );
