import { newId, type Chance, type ClientContext, type Clock } from '../../kernel';
import type { Sql } from '../../platform';
import { cleanDetails, cleanText } from './audit-details';
import type { AuditEntry, RecordedEntry } from './audit-event';
import { insertDeliveries } from './webhooks/webhook-deliveries.store';

const COLUMNS = `id, type, outcome, actor_id, user_id, factor_kind, factor_id, flow_id, session_id,
  request_id, context, reason, note, details`;

/**
 * Writes the audit log, and with each line what webhooks have to hear of it. What it records stands or falls with the
 * transaction that it records in.
 */
export class AuditRecorder {
  constructor(
    private readonly clock: Clock,
    private readonly chance: Chance,
    /** Hears of every entry, in the same transaction: to tell the user of it. */
    private readonly announce: (sql: Sql, entries: readonly RecordedEntry[]) => Promise<void> = () =>
      Promise.resolve(),
  ) {}

  /**
   * One statement, however many entries; they keep their order. Pass the transaction that does what they tell
   * of.
   */
  async record(sql: Sql, ...entries: readonly AuditEntry[]): Promise<void> {
    if (entries.length === 0) return;
    // Made within one millisecond, ids differ by chance only: sorted, they tell the order of the entries.
    const ids = entries.map(() => newId('evt', this.clock, this.chance)).sort();
    const rows = entries.map((entry, index) => ({ id: ids[index], ...columnsOf(entry) }));
    await sql.affected(
      `WITH event AS (
         INSERT INTO audit_event (${COLUMNS})
         SELECT ${COLUMNS} FROM jsonb_populate_recordset(NULL::audit_event, $1::jsonb)
         RETURNING id, type, user_id
       ) ${insertDeliveries('event')}`,
      [JSON.stringify(rows)],
    );
    await this.announce(
      sql,
      entries.map((entry, index) => ({ ...entry, id: ids[index] ?? '' })),
    );
  }
}

const columnsOf = (entry: AuditEntry) => ({
  type: entry.type,
  outcome: entry.outcome,
  actor_id: clean(entry.actorId),
  user_id: clean(entry.userId),
  factor_kind: clean(entry.factorKind),
  factor_id: clean(entry.factorId),
  flow_id: clean(entry.flowId),
  session_id: clean(entry.sessionId),
  request_id: clean(entry.requestId),
  context: entry.context ? cleanContext(entry.context) : null,
  reason: clean(entry.reason),
  note: clean(entry.note),
  details: entry.details ? cleanDetails(entry.details) : null,
});

/** The four known fields and no other, whatever else the object may carry. */
const cleanContext = (context: ClientContext): ClientContext => ({
  ipAddress: clean(context.ipAddress),
  location: clean(context.location),
  browser: clean(context.browser),
  operatingSystem: clean(context.operatingSystem),
});

const clean = (text: string | null | undefined): string | null => cleanText(text ?? '') || null;
