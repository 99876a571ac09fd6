import type { Sql } from '../../../platform';
import { DELIVERIES_KEPT_DAYS, TRIED_FOR_MAX_SECONDS, type WebhookEvent } from './webhook';

/** Longer than a try and the statement after it may take together. */
const LEASE_SECONDS = 20;
const BLOCK = 1000;
/** Rows of a queue that one statement looks at. */
const LOOKED_AT = 200;
const KEPT = `interval '${String(DELIVERIES_KEPT_DAYS)} days'`;

/**
 * One delivery for each of the events and each endpoint that wants it, in the order of the events; `event` names them, with
 * `id`, `type` and `user_id`. Part of the statement that writes the events: none is without its deliveries.
 */
export const insertDeliveries = (event: string): string => `
  INSERT INTO webhook_delivery (endpoint_id, event_id, lane)
  SELECT e.id, ${event}.id, COALESCE(${event}.user_id, ${event}.id) FROM ${event}, webhook_endpoint e
  WHERE e.event_types IS NULL OR ${event}.type = ANY (e.event_types) ORDER BY ${event}.id`;

/** A delivery that this process may try until its lease ends. */
export interface ClaimedDelivery {
  readonly seq: string;
  readonly endpointId: string;
  readonly url: string;
  /** Sealed; the newest first. */
  readonly secrets: readonly string[];
  /** This try included. Also tells this claim from later ones. */
  readonly attempts: number;
  /** Tried for as long as one tries. */
  readonly isLastTry: boolean;
  /** Whether the endpoint has taken anything since this was tried first. */
  readonly isEndpointAlive: boolean;
  /** Null: the log no longer holds it. */
  readonly event: WebhookEvent | null;
}

type ClaimedRow = Omit<ClaimedDelivery, 'event'> & { readonly eventId: string } & {
  readonly [Field in Exclude<keyof WebhookEvent, 'id'>]: WebhookEvent[Field] | null;
};

/** The endpoints that are at work, and whether something is due for them. */
export const endpointsAtWork = (sql: Sql): Promise<{ id: string; isDue: boolean }[]> =>
  sql.rows(
    `SELECT e.id, EXISTS (
       SELECT FROM webhook_delivery d WHERE d.endpoint_id = e.id AND d.state = 'QUEUED'
         AND d.due_at <= (SELECT gateway_now())
     ) AS is_due
     FROM webhook_endpoint e WHERE e.state = 'ACTIVE'`,
  );

/**
 * Takes up what is due, that no other process is at and no earlier event of the same user waits before. Committed at once:
 * sending holds no lock. One statement looks at so many rows and no more, however long the queue is: those that must wait are
 * laid aside until their turn, which comes when the one before is settled.
 */
export async function claimDeliveries(
  sql: Sql,
  endpointId: string,
  count: number,
): Promise<{ readonly claimed: readonly ClaimedDelivery[]; readonly laidAside: number }> {
  const rows = await sql.rows<(ClaimedRow | { readonly seq: null }) & { readonly laidAside: number }>(
    `WITH due AS MATERIALIZED (
       SELECT d.seq, d.event_id, d.lane FROM webhook_delivery d
       WHERE d.endpoint_id = $1 AND d.state = 'QUEUED' AND d.due_at <= (SELECT gateway_now())
         AND (d.claimed_until IS NULL OR d.claimed_until <= (SELECT gateway_now()))
       ORDER BY d.due_at, d.seq LIMIT ${String(LOOKED_AT)} FOR UPDATE SKIP LOCKED
     ), placed AS MATERIALIZED (
       SELECT due.seq, due.event_id, (
         SELECT earlier.due_at FROM webhook_delivery earlier WHERE earlier.endpoint_id = $1
           AND earlier.lane = due.lane AND earlier.state = 'QUEUED' AND earlier.seq < due.seq
         ORDER BY earlier.seq LIMIT 1
       ) AS waits_for FROM due
     ), first AS MATERIALIZED (
       SELECT seq, event_id FROM placed WHERE waits_for IS NULL ORDER BY seq LIMIT $2
     ), claimed AS (
       UPDATE webhook_delivery d SET attempts = d.attempts + 1,
         first_tried_at = COALESCE(d.first_tried_at, gateway_now()),
         claimed_until = gateway_now() + make_interval(secs => ${String(LEASE_SECONDS)})
       FROM first JOIN webhook_endpoint e ON e.id = $1 AND e.state = 'ACTIVE'
         LEFT JOIN audit_event event ON event.id = first.event_id
       WHERE d.seq = first.seq
       RETURNING d.seq, d.endpoint_id, d.event_id, e.url, d.attempts,
         ARRAY[e.secret] || CASE WHEN e.previous_until > gateway_now() THEN ARRAY[e.previous_secret]
           ELSE ARRAY[]::text[] END AS secrets,
         d.first_tried_at <= gateway_now() - make_interval(secs => ${String(TRIED_FOR_MAX_SECONDS)}) AS is_last_try,
         COALESCE(e.last_taken_at > d.first_tried_at, false) AS is_endpoint_alive,
         event.type, event.outcome, event.occurred_at, event.user_id, event.actor_id, event.flow_id,
         event.factor_kind
     ), laid_aside AS (
       UPDATE webhook_delivery d SET due_at = GREATEST(placed.waits_for, gateway_now() + interval '5 seconds')
       FROM placed WHERE d.seq = placed.seq AND placed.waits_for IS NOT NULL RETURNING d.seq
     )
     SELECT claimed.*, (SELECT count(*)::integer FROM laid_aside) AS laid_aside
     FROM (SELECT 1) AS always LEFT JOIN claimed ON true`,
    [endpointId, count],
  );
  const claimed = rows.flatMap((row) => (row.seq === null ? [] : [claimedOf(row)]));
  return { claimed, laidAside: rows[0]?.laidAside ?? 0 };
}

function claimedOf(row: ClaimedRow): ClaimedDelivery {
  const { seq, endpointId, url, secrets, attempts, isLastTry, isEndpointAlive } = row;
  const claim = { seq, endpointId, url, secrets, attempts, isLastTry, isEndpointAlive };
  const { eventId, type, outcome, occurredAt, userId, actorId, flowId, factorKind } = row;
  if (type === null || outcome === null || occurredAt === null) return { ...claim, event: null };
  return { ...claim, event: { id: eventId, type, outcome, occurredAt, userId, actorId, flowId, factorKind } };
}

/**
 * The next event of the same user is due then. False if the lease ran out and another process has taken this one up
 * meanwhile.
 */
export const settleDelivery = async (
  sql: Sql,
  { seq, attempts }: ClaimedDelivery,
  state: 'SENT' | 'FAILED',
): Promise<boolean> =>
  (
    await sql.row<{ count: number }>(
      `WITH settled AS (
         UPDATE webhook_delivery SET state = $3, claimed_until = NULL
         WHERE seq = $1 AND attempts = $2 AND state = 'QUEUED' RETURNING seq, endpoint_id, lane
       ), following AS (
         UPDATE webhook_delivery d SET due_at = gateway_now() FROM settled
         WHERE d.seq = (
           SELECT min(n.seq) FROM webhook_delivery n WHERE n.endpoint_id = settled.endpoint_id
             AND n.lane = settled.lane AND n.state = 'QUEUED' AND n.seq > settled.seq)
       )
       SELECT count(*)::integer AS count FROM settled`,
      [seq, attempts, state],
    )
  )?.count === 1;

export const postponeDelivery = (
  sql: Sql,
  { seq, attempts }: ClaimedDelivery,
  delayMs: number,
): Promise<number> =>
  sql.affected(
    `UPDATE webhook_delivery SET due_at = gateway_now() + make_interval(secs => $3), claimed_until = NULL
     WHERE seq = $1 AND attempts = $2 AND state = 'QUEUED'`,
    [seq, attempts, delayMs / 1000],
  );

/** What waits is due now, as if it had never been tried; what is just being tried stays as it is. */
export const renewDeliveries = (tx: Sql, endpointId: string): Promise<number> =>
  tx.affected(
    `UPDATE webhook_delivery SET due_at = gateway_now(), attempts = 0, first_tried_at = NULL, claimed_until = NULL
     WHERE endpoint_id = $1 AND state = 'QUEUED' AND attempts > 0
       AND (claimed_until IS NULL OR claimed_until <= gateway_now())`,
    [endpointId],
  );

/**
 * Queues a block of events of the log that follow `after` once more, whether they were sent or never queued; those that wait
 * already stay as they are. Says how many, and the last event looked at; nothing where the log ends.
 */
export async function requeueBlock(
  sql: Sql,
  endpointId: string,
  after: string,
  since: Date,
): Promise<{ readonly last: string; readonly count: number } | undefined> {
  const end = await sql.row<{ last: string | null }>(
    `SELECT max(b.id) AS last FROM (
       SELECT id FROM audit_event WHERE id > $1 ORDER BY id LIMIT ${String(BLOCK)}) b`,
    [after],
  );
  if (!end?.last) return undefined;
  const count = await sql.affected(
    `INSERT INTO webhook_delivery AS d (endpoint_id, event_id, lane)
     SELECT e.id, a.id, COALESCE(a.user_id, a.id) FROM audit_event a, webhook_endpoint e
     WHERE a.id > $2 AND a.id <= $3 AND a.occurred_at >= $4 AND e.id = $1
       AND (e.event_types IS NULL OR a.type = ANY (e.event_types))
     ORDER BY a.id
     ON CONFLICT (endpoint_id, event_id) DO UPDATE SET state = 'QUEUED', due_at = gateway_now(), attempts = 0,
       first_tried_at = NULL, claimed_until = NULL, created_at = gateway_now()
     WHERE d.state <> 'QUEUED'`,
    [endpointId, after, end.last, since],
  );
  return { last: end.last, count };
}

/** Removes what is too old to be sent, or was sent long ago, a block at a time. */
export const sweepDeliveries = (sql: Sql): Promise<number> =>
  sql.affected(
    `DELETE FROM webhook_delivery WHERE seq IN (
       SELECT seq FROM webhook_delivery WHERE created_at < (SELECT gateway_now() - ${KEPT})
       ORDER BY created_at LIMIT ${String(BLOCK)} FOR UPDATE SKIP LOCKED)`,
  );
