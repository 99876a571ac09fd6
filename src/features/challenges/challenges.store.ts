import type { DeliveryStatus } from '../../kernel';
import type { Sql } from '../../platform';
import { guessCharge } from '../limits';
import type { ChallengeRow, ChallengeStatus } from './challenge';

const NAMES = [
  'id',
  'flow_id',
  'user_id',
  'factor_id',
  'kind',
  'status',
  'attempts',
  'attempts_max',
  'sealed_kept',
  'sent_to',
  'delivery',
  'created_at',
  'expires_at',
  'resendable_at',
] as const;

/** A challenge as part of a wider row: `CHALLENGE_COLUMNS` of the table alias `c`, read back by `challengeOf`. */
export const CHALLENGE_COLUMNS = NAMES.map((name) => `c.${name} AS c_${name}`).join(', ');

export function challengeOf(row: Readonly<Record<string, unknown>>): ChallengeRow | undefined {
  if (typeof row['cId'] !== 'string') return undefined;
  const plain = Object.fromEntries(
    Object.entries(row).flatMap(([name, value]) =>
      /^c[A-Z]/.test(name) ? [[name.charAt(1).toLowerCase() + name.slice(2), value]] : [],
    ),
  );
  return plain as unknown as ChallengeRow;
}

const COLUMNS = NAMES.join(', ');

export interface Claim {
  readonly isOpen: boolean;
  /** Null: the user is inside a guess delay, or disabled. */
  readonly failures: number | null;
  readonly attempts: number | null;
  readonly attemptsMax: number | null;
  readonly now: Date;
}

/**
 * Spends one attempt, committed, before the answer is looked at: the user's guess counter first, then the challenge.
 * One statement, so one round trip and no half-spent attempt. What cannot be guessed is not held up by the counter.
 */
export async function claimAnswer(sql: Sql, challengeId: string, isGuessable: boolean): Promise<Claim> {
  const isClaimable = `status = 'OPEN' AND attempts < attempts_max AND expires_at > gateway_now()`;
  const claim = await sql.row<Claim>(
    `WITH open AS (SELECT COALESCE(user_id, flow_id) AS user_id FROM challenge WHERE id = $1 AND ${isClaimable}),
     charged AS (${isGuessable ? guessCharge('open') : 'SELECT 0 AS count FROM open'}),
     claimed AS (
       UPDATE challenge SET attempts = attempts + 1 FROM charged
       WHERE id = $1 AND ${isClaimable} RETURNING attempts, attempts_max)
     SELECT EXISTS (SELECT FROM open) AS is_open, charged.count AS failures, claimed.attempts, claimed.attempts_max,
       gateway_now() AS now
     FROM (SELECT) AS one LEFT JOIN charged ON true LEFT JOIN claimed ON true`,
    [challengeId],
  );
  return claim as Claim;
}

export const findChallenge = (sql: Sql, id: string): Promise<(ChallengeRow & { now: Date }) | undefined> =>
  sql.row(`SELECT ${COLUMNS}, gateway_now() AS now FROM challenge WHERE id = $1`, [id]);

export interface NewChallenge {
  readonly id: string;
  readonly flowId: string;
  readonly userId: string | null;
  readonly factorId: string | null;
  readonly kind: string;
  readonly attempts: number;
  readonly attemptsMax: number;
  readonly sealedKept: string | null;
  readonly sentTo: string | null;
  readonly isSent: boolean;
  readonly lifeSeconds: number;
  readonly resendAfterSeconds: number | null;
}

export async function addChallenge(tx: Sql, challenge: NewChallenge): Promise<void> {
  await tx.affected(
    `INSERT INTO challenge (id, flow_id, user_id, factor_id, kind, status, attempts, attempts_max, sealed_kept,
       sent_to, delivery, created_at, expires_at, resendable_at)
     SELECT $1, $2, $3, $4, $5, 'OPEN', $6, $7, $8, $9, CASE WHEN $10 THEN 'QUEUED' END, now,
       now + make_interval(secs => $11), now + make_interval(secs => $12)
     FROM gateway_now() AS now`,
    [
      challenge.id,
      challenge.flowId,
      challenge.userId,
      challenge.factorId,
      challenge.kind,
      challenge.attempts,
      challenge.attemptsMax,
      challenge.sealedKept,
      challenge.sentTo,
      challenge.isSent,
      challenge.lifeSeconds,
      challenge.resendAfterSeconds,
    ],
  );
}

/** Ends an open challenge; false if it is over already. What it kept stays, sealed, until the flow's row goes. */
export const settleChallenge = async (tx: Sql, id: string, status: ChallengeStatus): Promise<boolean> =>
  (await tx.affected(
    `UPDATE challenge SET status = $2, ended_at = gateway_now()
     WHERE id = $1 AND status = 'OPEN' AND expires_at > gateway_now()`,
    [id, status],
  )) === 1;

/** An accepted proof uses up its challenge and its factor together: false if either is over or removed. */
/** The same where only an address was proven. */
export const settleAddress = (tx: Sql, id: string): Promise<boolean> => settleChallenge(tx, id, 'ACCEPTED');

export const settleAccepted = async (tx: Sql, id: string, factorId: string): Promise<boolean> =>
  (await tx.affected(
    `WITH settled AS (
       UPDATE challenge SET status = 'ACCEPTED', ended_at = gateway_now()
       WHERE id = $1 AND status = 'OPEN' AND expires_at > gateway_now() RETURNING factor_id)
     UPDATE factor SET last_used_at = gateway_now() FROM settled
     WHERE factor.id = $2 AND settled.factor_id = factor.id AND (revoked_at IS NULL OR revoked_at > gateway_now())`,
    [id, factorId],
  )) === 1;

/** Ends whatever is open in a flow, also if only time has ended it. */
export const closeOpen = (
  tx: Sql,
  flowId: string,
  status: ChallengeStatus,
): Promise<{ id: string; factorId: string | null; attempts: number; kind: string }[]> =>
  tx.rows(
    `UPDATE challenge SET status = CASE WHEN expires_at > gateway_now() THEN $2 ELSE 'EXPIRED' END,
       ended_at = gateway_now()
     WHERE flow_id = $1 AND status = 'OPEN' RETURNING id, factor_id, attempts, kind`,
    [flowId, status],
  );

export const attemptsInFlow = async (sql: Sql, flowId: string): Promise<number> =>
  (
    await sql.row<{ most: number }>(
      'SELECT COALESCE(max(attempts), 0) AS most FROM challenge WHERE flow_id = $1',
      [flowId],
    )
  )?.most ?? 0;

/** Open challenges of a kind that a user has in other flows. */
export const openElsewhere = (
  sql: Sql,
  userId: string,
  kind: string,
  flowId: string,
): Promise<{ flowId: string; createdAt: Date; ageSeconds: number }[]> =>
  sql.rows(
    `SELECT flow_id, created_at, extract(epoch FROM gateway_now() - created_at)::float8 AS age_seconds FROM challenge
     WHERE user_id = $1 AND kind = $2 AND flow_id <> $3 AND status = 'OPEN' AND expires_at > gateway_now()`,
    [userId, kind, flowId],
  );

/** The live flows in which one of these factors is asked. */
export const flowsAsking = async (sql: Sql, factorIds: readonly string[]): Promise<string[]> =>
  (
    await sql.rows<{ flowId: string }>(
      `SELECT DISTINCT flow_id FROM challenge JOIN auth_flow f ON f.id = flow_id
       WHERE factor_id = ANY($1) AND challenge.status = 'OPEN' AND challenge.expires_at > gateway_now()
         AND f.ended_at IS NULL AND f.expires_at > gateway_now()`,
      [factorIds],
    )
  ).map(({ flowId }) => flowId);

export const waitingFor = (sql: Sql, factorId: string): Promise<(ChallengeRow & { now: Date })[]> =>
  sql.rows(
    `SELECT ${COLUMNS}, gateway_now() AS now FROM challenge
     WHERE factor_id = $1 AND status = 'OPEN' AND expires_at > gateway_now() ORDER BY id`,
    [factorId],
  );

/**
 * Until when a kind is not to be asked: an hour after three refused or unanswered requests in a row, twenty minutes
 * after a report (push fatigue). Null: it may be asked.
 */
export const pausedUntil = async (sql: Sql, userId: string, kind: string): Promise<Date | null> =>
  (
    await sql.row<{ until: Date | null }>(
      `WITH latest AS (
         SELECT LEAST(COALESCE(ended_at, expires_at), expires_at) AS over, status, flow_id FROM challenge
         WHERE user_id = $1 AND kind = $2 AND created_at > gateway_now() - interval '90 minutes'
           AND (status IN ('ACCEPTED', 'DENIED', 'EXPIRED', 'FAILED') OR status = 'OPEN' AND expires_at <= gateway_now())
         ORDER BY created_at DESC LIMIT 3),
       pauses AS (
         SELECT max(over) + interval '1 hour' AS until FROM latest HAVING count(*) = 3 AND bool_and(status <> 'ACCEPTED')
         UNION ALL
         SELECT over + interval '20 minutes' FROM latest JOIN auth_flow f ON f.id = flow_id
         WHERE f.reason = 'USER_REPORTED')
       SELECT max(until) FILTER (WHERE until > gateway_now()) AS until FROM pauses`,
      [userId, kind],
    )
  )?.until ?? null;

const EARLIER: Record<DeliveryStatus, readonly DeliveryStatus[]> = {
  QUEUED: [],
  SENT: ['QUEUED'],
  RECEIVED: ['QUEUED', 'SENT', 'FAILED'],
  FAILED: ['QUEUED'],
};

/** Moves the delivery on, never back; false if nothing changed. */
export const advanceDelivery = async (tx: Sql, id: string, delivery: DeliveryStatus): Promise<boolean> =>
  (await tx.affected(
    `UPDATE challenge SET delivery = $2 WHERE id = $1 AND delivery = ANY($3) AND status = 'OPEN'`,
    [id, delivery, EARLIER[delivery]],
  )) === 1;

export const versionsOf = async (sql: Sql, factorIds: readonly string[]): Promise<Map<string, string>> => {
  const rows = await sql.rows<{ factorId: string; version: string }>(
    `SELECT factor_id, string_agg(id, ',' ORDER BY id) AS version FROM challenge
     WHERE factor_id = ANY($1) AND status = 'OPEN' AND expires_at > gateway_now() GROUP BY factor_id`,
    [factorIds],
  );
  const versions = new Map(factorIds.map((id) => [id, '']));
  for (const row of rows) versions.set(row.factorId, row.version);
  return versions;
};

/** Open challenges whose time is over, for the sweeper to record. */
export const overdue = (sql: Sql, atMost: number): Promise<{ id: string; flowId: string }[]> =>
  sql.rows(
    `SELECT id, flow_id FROM challenge WHERE status = 'OPEN' AND expires_at <= gateway_now()
     ORDER BY expires_at LIMIT $1`,
    [atMost],
  );

export const markExpired = async (tx: Sql, id: string): Promise<boolean> =>
  (await tx.affected(
    `UPDATE challenge SET status = 'EXPIRED', ended_at = gateway_now()
     WHERE id = $1 AND status = 'OPEN' AND expires_at <= gateway_now()`,
    [id],
  )) === 1;
