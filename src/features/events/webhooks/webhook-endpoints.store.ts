import type { Sql } from '../../../platform';
import type { AuditEventType } from '../audit-event';
import { ROTATION_SECONDS, type WebhookEndpoint, type WebhookState } from './webhook';

const COLUMNS = 'e.id, e.url, e.event_types, e.state, e.last_taken_at, e.last_fault';

export interface NewEndpoint {
  readonly id: string;
  readonly url: string;
  readonly eventTypes: readonly AuditEventType[] | null;
  /** Sealed. */
  readonly secret: string;
}

export interface ListedEndpoint extends WebhookEndpoint {
  /** Events that it has still to hear. */
  readonly waiting: number;
}

export const insertEndpoint = (tx: Sql, { id, url, eventTypes, secret }: NewEndpoint): Promise<number> =>
  tx.affected('INSERT INTO webhook_endpoint (id, url, event_types, secret) VALUES ($1, $2, $3, $4)', [
    id,
    url,
    eventTypes,
    secret,
  ]);

/** Oldest first. */
export const listedEndpoints = (sql: Sql): Promise<ListedEndpoint[]> =>
  sql.rows<ListedEndpoint>(
    `SELECT ${COLUMNS}, (
       SELECT count(*)::integer FROM webhook_delivery d WHERE d.endpoint_id = e.id AND d.state = 'QUEUED'
     ) AS waiting
     FROM webhook_endpoint e ORDER BY e.id`,
  );

export const countEndpoints = async (sql: Sql): Promise<number> =>
  (await sql.row<{ count: number }>('SELECT count(*)::integer AS count FROM webhook_endpoint'))?.count ?? 0;

export const findEndpoint = (sql: Sql, id: string): Promise<WebhookEndpoint | undefined> =>
  sql.row<WebhookEndpoint>(`SELECT ${COLUMNS} FROM webhook_endpoint e WHERE e.id = $1`, [id]);

/** Nothing if it was not in one of the states `from`. */
export const setEndpointState = (
  tx: Sql,
  id: string,
  from: readonly WebhookState[],
  to: WebhookState,
  fault: string | null = null,
): Promise<WebhookEndpoint | undefined> =>
  tx.row<WebhookEndpoint>(
    `UPDATE webhook_endpoint e SET state = $3, last_fault = $4 WHERE e.id = $1 AND e.state = ANY ($2)
     RETURNING ${COLUMNS}`,
    [id, from, to, fault],
  );

/** The secret so far signs for a while beside the new one; it moves to its new column as it is, sealed. */
export const replaceSecret = (tx: Sql, id: string, secret: string): Promise<WebhookEndpoint | undefined> =>
  tx.row<WebhookEndpoint>(
    `UPDATE webhook_endpoint e SET previous_secret = e.secret, secret = $2,
       previous_until = gateway_now() + make_interval(secs => ${String(ROTATION_SECONDS)})
     WHERE e.id = $1 RETURNING ${COLUMNS}`,
    [id, secret],
  );

export const deleteEndpoint = (tx: Sql, id: string): Promise<WebhookEndpoint | undefined> =>
  tx.row<WebhookEndpoint>(`DELETE FROM webhook_endpoint e WHERE e.id = $1 RETURNING ${COLUMNS}`, [id]);

/** The sealed secrets that sign now, the newest first. */
export const sealedSecrets = async (sql: Sql, id: string): Promise<string[]> =>
  (
    await sql.row<{ secrets: string[] }>(
      `SELECT ARRAY[e.secret] || CASE WHEN e.previous_until > gateway_now() THEN ARRAY[e.previous_secret]
         ELSE ARRAY[]::text[] END AS secrets FROM webhook_endpoint e WHERE e.id = $1`,
      [id],
    )
  )?.secrets ?? [];

/** A note of when something was taken or refused; at most one each minute while nothing changes. */
export const noteTaken = (sql: Sql, id: string): Promise<number> =>
  sql.affected(
    `UPDATE webhook_endpoint SET last_taken_at = gateway_now(), last_fault = NULL WHERE id = $1
       AND (last_fault IS NOT NULL OR last_taken_at IS NULL OR last_taken_at < gateway_now() - interval '1 minute')`,
    [id],
  );

export const noteFault = (sql: Sql, id: string, fault: string): Promise<number> =>
  sql.affected(
    'UPDATE webhook_endpoint SET last_fault = $2 WHERE id = $1 AND last_fault IS DISTINCT FROM $2',
    [id, fault],
  );
