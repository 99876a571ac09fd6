import type { AssuranceLevel, AuthFlowReason, Proven } from '../../kernel';
import type { Sql } from '../../platform';
import { CHALLENGE_COLUMNS, challengeOf } from '../challenges';
import { asOfNow, versionOf, type FlowNow, type FlowRow, type Phase } from './flow';
import { isFinal, type AuthFlowStatus } from './transitions';

/** A flow lives ten minutes; once verified it must be collected within one. */
const FLOW_SECONDS = 600;
const COLLECT_SECONDS = 60;
/** A final status can be read so long. */
const READABLE_SECONDS = 600;

const COLUMNS = `f.id, f.purpose, f.status, f.reason, f.user_id, f.sealed_subject, f.client_id, f.application_name, f.required_assurance,
  f.prompt_reasons, f.proofs, f.allowed_kinds, f.attempts_max, f.push_digits, f.policy_version, f.enrollment_due_at, f.remember_device_days, f.action, f.place,
  f.session_id, f.known_device_id, f.message, f.context, f.completed_by, f.version,
  f.created_at, f.expires_at, f.ended_at`;

const flowNow = (where: string): string => `
  SELECT ${COLUMNS}, u.email, u.locale, gateway_now() AS now, ${CHALLENGE_COLUMNS}
  FROM auth_flow f LEFT JOIN users u ON u.id = f.user_id
  LEFT JOIN challenge c ON c.flow_id = f.id AND c.status = 'OPEN'
  WHERE ${where} AND COALESCE(f.ended_at, f.expires_at) > gateway_now() - make_interval(secs => ${String(READABLE_SECONDS)})`;

const withChallenge = (row: Record<string, unknown> | undefined): FlowNow | undefined =>
  row && asOfNow({ ...row, challenge: challengeOf(row) ?? null } as unknown as FlowNow);

const BY_TOKEN = flowNow('f.token_hash = $1');
const BY_ID = flowNow('f.id = $1');

export const flowByToken = async (sql: Sql, tokenHash: Buffer): Promise<FlowNow | undefined> =>
  withChallenge(await sql.row(BY_TOKEN, [tokenHash]));

export const flowById = async (sql: Sql, id: string): Promise<FlowNow | undefined> =>
  withChallenge(await sql.row(BY_ID, [id]));

export type NewFlow = Omit<FlowRow, 'version' | 'createdAt' | 'expiresAt' | 'endedAt' | 'completedBy'>;

export async function addFlow(tx: Sql, flow: NewFlow, tokenHash: Buffer): Promise<FlowRow> {
  const row = await tx.row<FlowRow>(
    `INSERT INTO auth_flow AS f (id, purpose, status, reason, user_id, token_hash, client_id, application_name,
       required_assurance, prompt_reasons, proofs, session_id, known_device_id, message, context, sealed_subject, version,
       created_at, expires_at, ended_at, allowed_kinds, attempts_max, enrollment_due_at, remember_device_days,
       action, place, push_digits, policy_version)
     SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $17, 1, now,
       now + make_interval(secs => ${String(FLOW_SECONDS)}), CASE WHEN $16 THEN now END,
       $18, $19, $20, $21, $22, $23, $24, $25
     FROM gateway_now() AS now RETURNING ${COLUMNS}`,
    [
      flow.id,
      flow.purpose,
      flow.status,
      flow.reason,
      flow.userId,
      tokenHash,
      flow.clientId,
      flow.applicationName,
      flow.requiredAssurance,
      flow.promptReasons,
      JSON.stringify(flow.proofs),
      flow.sessionId,
      flow.knownDeviceId,
      flow.message,
      JSON.stringify(flow.context),
      isFinal(flow.status),
      flow.sealedSubject,
      flow.allowedKinds,
      flow.attemptsMax,
      flow.enrollmentDueAt,
      flow.rememberDeviceDays,
      flow.action,
      flow.place && JSON.stringify(flow.place),
      flow.pushDigits,
      flow.policyVersion,
    ],
  );
  return row as FlowRow;
}

/** The flow as the move left it, and when. */
export type MovedFlow = FlowRow & { readonly now: Date };

export interface Move {
  readonly status: AuthFlowStatus;
  readonly reason: AuthFlowReason | null;
  readonly proofs: readonly Proven[];
  readonly requiredAssurance: AssuranceLevel;
  readonly completedBy: Buffer | null;
}

/** Compare-and-set on the version; nothing comes back if the flow changed or ran out meanwhile. */
export const moveFlow = (tx: Sql, id: string, version: number, move: Move): Promise<MovedFlow | undefined> =>
  tx.row<MovedFlow>(
    `UPDATE auth_flow f SET status = $3, reason = $4, proofs = $5, completed_by = $6, required_assurance = $9, version = version + 1,
       expires_at = CASE WHEN $7 THEN LEAST(expires_at, now + make_interval(secs => ${String(COLLECT_SECONDS)}))
         ELSE expires_at END,
       ended_at = CASE WHEN $8 THEN now END
     FROM gateway_now() AS now
     WHERE id = $1 AND version = $2 AND expires_at > now RETURNING ${COLUMNS}, now`,
    [
      id,
      version,
      move.status,
      move.reason,
      JSON.stringify(move.proofs),
      move.completedBy,
      move.status === 'VERIFIED',
      isFinal(move.status),
      move.requiredAssurance,
    ],
  );

export const cancelFlowsOf = async (tx: Sql, userId: string, except: string | null): Promise<string[]> => {
  const canceled = await tx.rows<{ id: string }>(
    `WITH live AS (
       SELECT id FROM auth_flow WHERE user_id = $1 AND ended_at IS NULL AND id IS DISTINCT FROM $2 ORDER BY id FOR UPDATE)
     UPDATE auth_flow f SET status = 'CANCELED', reason = NULL, version = version + 1, ended_at = gateway_now()
     FROM live WHERE f.id = live.id RETURNING f.id`,
    [userId, except],
  );
  return canceled.map(({ id }) => id);
};

/** A sign-up has found its user, whose deadline to enroll is now the flow's; gives it. */
export const setOwner = async (tx: Sql, id: string, userId: string): Promise<Date | null> => {
  const row = await tx.row<{ enrollmentDueAt: Date | null }>(
    `UPDATE auth_flow f SET user_id = $2, sealed_subject = NULL,
       enrollment_due_at = u.enrollment_due_at
     FROM users u WHERE f.id = $1 AND u.id = $2 RETURNING f.enrollment_due_at`,
    [id, userId],
  );
  return row?.enrollmentDueAt ?? null;
};

/** Whether a user has a factor of another kind than the given one. */
export const hasOtherFactor = async (tx: Sql, userId: string, kind: string): Promise<boolean> =>
  (
    await tx.row<{ has: boolean }>(
      'SELECT EXISTS (SELECT FROM factor WHERE user_id = $1 AND revoked_at IS NULL AND kind <> $2) AS has',
      [userId, kind],
    )
  )?.has ?? false;

/** Whether somebody else knew the user's password, so that a sign-in must end in a new one. */
export const isPasswordDue = async (tx: Sql, userId: string): Promise<boolean> =>
  (
    await tx.row<{ due: boolean }>(
      'SELECT password_change_required_at IS NOT NULL AS due FROM users WHERE id = $1',
      [userId],
    )
  )?.due ?? false;

export const lockFlows = async (tx: Sql, ids: readonly string[]): Promise<void> => {
  await tx.rows('SELECT id FROM auth_flow WHERE id = ANY($1) ORDER BY id FOR UPDATE', [ids]);
};

export const lockedFlow = (tx: Sql, id: string): Promise<(FlowRow & { now: Date }) | undefined> =>
  tx.row(`SELECT ${COLUMNS}, gateway_now() AS now FROM auth_flow f WHERE id = $1 FOR UPDATE`, [id]);

/** The look of the stream: versions as `versionOf` makes them. */
export async function flowVersions(sql: Sql, ids: readonly string[]): Promise<Map<string, string>> {
  const rows = await sql.rows<{ id: string; version: number; phase: Phase }>(
    `SELECT f.id, f.version, CASE WHEN f.ended_at IS NOT NULL THEN 0 WHEN f.expires_at <= now THEN 2
       WHEN c.expires_at <= now THEN 1 ELSE 0 END AS phase
     FROM gateway_now() AS now, auth_flow f LEFT JOIN challenge c ON c.flow_id = f.id AND c.status = 'OPEN'
     WHERE f.id = ANY($1)`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, versionOf(row)]));
}

export const overdueFlows = (sql: Sql, atMost: number): Promise<{ id: string }[]> =>
  sql.rows(
    'SELECT id FROM auth_flow WHERE ended_at IS NULL AND expires_at <= gateway_now() ORDER BY expires_at LIMIT $1',
    [atMost],
  );

export const markExpired = (tx: Sql, id: string): Promise<FlowRow | undefined> =>
  tx.row<FlowRow>(
    `UPDATE auth_flow f SET status = 'EXPIRED', reason = NULL, version = version + 1, ended_at = gateway_now()
     WHERE id = $1 AND ended_at IS NULL AND expires_at <= gateway_now() RETURNING ${COLUMNS}`,
    [id],
  );

/** Flows that nobody can read any more; what happened in them stays in the audit log. */
export const dropEnded = (sql: Sql): Promise<number> =>
  sql.affected(
    `DELETE FROM auth_flow WHERE id IN (
       SELECT id FROM auth_flow WHERE ended_at < gateway_now() - interval '1 day' LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
  );
