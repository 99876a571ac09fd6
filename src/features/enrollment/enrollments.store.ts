import type { Sql } from '../../platform';
import { asOfNow, type EnrollmentNow } from './enrollment';

const COLUMNS = `id, user_id, kind, status, sealed_kept, label, sent_to, resendable_at, factor_id, flow_id, session_id,
  is_by_backup_code, expires_at`;
const ATTEMPTS_MAX = 5;
/** A finished enrollment can be read so long. */
const READABLE_SECONDS = 600;

const found = (row: EnrollmentNow | undefined): EnrollmentNow | undefined => row && asOfNow(row);

const readable = `expires_at > gateway_now() - make_interval(secs => ${String(READABLE_SECONDS)})`;

export const byToken = async (sql: Sql, hash: Buffer): Promise<EnrollmentNow | undefined> =>
  found(
    await sql.row<EnrollmentNow>(
      `SELECT ${COLUMNS}, gateway_now() AS now FROM enrollment WHERE token_hash = $1 AND ${readable}`,
      [hash],
    ),
  );

export const byPairing = async (sql: Sql, hash: Buffer): Promise<EnrollmentNow | undefined> =>
  found(
    await sql.row<EnrollmentNow>(
      `SELECT ${COLUMNS}, gateway_now() AS now FROM enrollment WHERE pairing_hash = $1 AND ${readable}`,
      [hash],
    ),
  );

export interface NewEnrollment {
  readonly id: string;
  readonly userId: string;
  readonly kind: string;
  readonly tokenHash: Buffer;
  readonly pairingHash: Buffer | null;
  readonly sealedKept: string | null;
  readonly label: string | null;
  readonly sentTo: string | null;
  readonly resendAfterSeconds: number | null;
  readonly factorId: string;
  readonly flowId: string | null;
  readonly sessionId: string | null;
  readonly isByBackupCode: boolean;
  readonly lifeSeconds: number;
}

export async function addEnrollment(tx: Sql, enrollment: NewEnrollment): Promise<void> {
  await tx.affected(
    `INSERT INTO enrollment (id, user_id, kind, status, token_hash, pairing_hash, sealed_kept, label, factor_id, flow_id,
       session_id, sent_to, is_by_backup_code, created_at, expires_at, resendable_at)
     SELECT $1, $2, $3, 'PENDING', $4, $5, $6, $7, $8, $9, $10, $12, $14, now, now + make_interval(secs => $11),
       now + make_interval(secs => $13)
     FROM gateway_now() AS now`,
    [
      enrollment.id,
      enrollment.userId,
      enrollment.kind,
      enrollment.tokenHash,
      enrollment.pairingHash,
      enrollment.sealedKept,
      enrollment.label,
      enrollment.factorId,
      enrollment.flowId,
      enrollment.sessionId,
      enrollment.lifeSeconds,
      enrollment.sentTo,
      enrollment.resendAfterSeconds,
      enrollment.isByBackupCode,
    ],
  );
}

/** Whether what a user has pending of this kind sent a message that may not be repeated yet. */
export const pendingOf = (
  sql: Sql,
  userId: string,
  kind: string,
): Promise<{ isFresh: boolean; resendableAt: Date | null } | undefined> =>
  sql.row(
    `SELECT resendable_at, COALESCE(resendable_at > gateway_now(), false) AS is_fresh FROM enrollment
     WHERE user_id = $1 AND kind = $2 AND status = 'PENDING' AND expires_at > gateway_now()`,
    [userId, kind],
  );

/** A new start replaces what the user has pending of this kind. */
export const replacePending = (tx: Sql, userId: string, kind: string): Promise<{ id: string }[]> =>
  tx.rows(
    `UPDATE enrollment SET status = 'EXPIRED', sealed_kept = NULL
     WHERE user_id = $1 AND kind = $2 AND status = 'PENDING' RETURNING id`,
    [userId, kind],
  );

/** Ends whatever a user has pending. */
export const endPending = (tx: Sql, userId: string): Promise<{ id: string }[]> =>
  tx.rows(
    `UPDATE enrollment SET status = 'EXPIRED', sealed_kept = NULL
     WHERE user_id = $1 AND status = 'PENDING' RETURNING id`,
    [userId],
  );

/** Spends one of the attempts, committed, before the proof is looked at; gives how many are left. */
export const claimAttempt = (sql: Sql, id: string): Promise<{ remaining: number; now: Date } | undefined> =>
  sql.row(
    `UPDATE enrollment SET attempts = attempts + 1
     WHERE id = $1 AND status = 'PENDING' AND expires_at > gateway_now() AND attempts < ${String(ATTEMPTS_MAX)}
     RETURNING ${String(ATTEMPTS_MAX)} - attempts AS remaining, gateway_now() AS now`,
    [id],
  );

/** Ends a pending enrollment; false if it is over already. The secret it kept is forgotten. */
export const settle = async (tx: Sql, id: string, status: 'CONFIRMED' | 'EXPIRED'): Promise<boolean> =>
  (await tx.affected(
    `UPDATE enrollment SET status = $2, sealed_kept = NULL
     WHERE id = $1 AND status = 'PENDING' AND ($2 = 'EXPIRED' OR expires_at > gateway_now())`,
    [id, status],
  )) === 1;

/** The look of the stream. */
export async function enrollmentVersions(sql: Sql, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await sql.rows<{ id: string; status: string }>(
    `SELECT id, CASE WHEN status = 'PENDING' AND expires_at <= gateway_now() THEN 'EXPIRED' ELSE status END AS status
     FROM enrollment WHERE id = ANY($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row.status]));
}

/** Forgets the secrets of enrollments that time has ended, and later the rows. */
export async function sweepEnrollments(sql: Sql): Promise<number> {
  const ended = await sql.affected(
    `UPDATE enrollment SET status = 'EXPIRED', sealed_kept = NULL WHERE id IN (
       SELECT id FROM enrollment WHERE status = 'PENDING' AND expires_at <= gateway_now()
       LIMIT 500 FOR UPDATE SKIP LOCKED)`,
  );
  const dropped = await sql.affected(
    `DELETE FROM enrollment WHERE id IN (
       SELECT id FROM enrollment WHERE expires_at < gateway_now() - interval '1 day' LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
  );
  return ended + dropped;
}
