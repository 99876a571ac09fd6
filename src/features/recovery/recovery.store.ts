import type { ClientContext } from '../../kernel';
import type { Sql } from '../../platform';
import type { Page } from '../administration';
import { asOfNow, type RecoveryDecision, type RecoveryNow, type RecoveryStatus } from './recovery';

/** Undecided, a request is void after so many days. */
const PENDING_DAYS = 7;

const COLUMNS = `r.id, r.user_id, r.flow_id, r.status, r.message, r.context, r.required_approvals, r.is_emergency,
  r.created_at, r.approved_at, r.ready_at, r.expires_at, r.told_half_at, r.factor_id, r.ended_at, gateway_now() AS now`;

const found = (row: RecoveryNow | undefined): RecoveryNow | undefined => row && asOfNow(row);

export const findRequest = async (sql: Sql, id: string): Promise<RecoveryNow | undefined> =>
  found(await sql.row(`SELECT ${COLUMNS} FROM recovery_request r WHERE r.id = $1`, [id]));

export const lockRequest = async (tx: Sql, id: string): Promise<RecoveryNow | undefined> =>
  found(await tx.row(`SELECT ${COLUMNS} FROM recovery_request r WHERE r.id = $1 FOR UPDATE`, [id]));

/** The request of a user that is not over. */
export const liveRequest = async (sql: Sql, userId: string): Promise<RecoveryNow | undefined> =>
  found(
    await sql.row(
      `SELECT ${COLUMNS} FROM recovery_request r
       WHERE r.user_id = $1 AND r.ended_at IS NULL AND r.expires_at > gateway_now()`,
      [userId],
    ),
  );

/** The request that sent this temporary code, over or not. */
export const requestOfCode = async (sql: Sql, factorId: string): Promise<RecoveryNow | undefined> =>
  found(await sql.row(`SELECT ${COLUMNS} FROM recovery_request r WHERE r.factor_id = $1`, [factorId]));

export interface NewRequest {
  readonly id: string;
  readonly userId: string;
  readonly flowId: string;
  readonly message: string | null;
  readonly context: ClientContext;
  readonly requiredApprovals: number;
}

/** False if the user has a live one: whoever comes second finds the first. */
export const addRequest = async (tx: Sql, request: NewRequest): Promise<boolean> => {
  await expire(tx, request.userId);
  return (
    (await tx.affected(
      `INSERT INTO recovery_request (id, user_id, flow_id, status, message, context, required_approvals, created_at, expires_at)
       SELECT $1, $2, $3, 'PENDING', $4, $5, $6, now, now + interval '${String(PENDING_DAYS)} days'
       FROM gateway_now() AS now ON CONFLICT DO NOTHING`,
      [
        request.id,
        request.userId,
        request.flowId,
        request.message,
        JSON.stringify(request.context),
        request.requiredApprovals,
      ],
    )) === 1
  );
};

/** Records what time has ended: of one user, or of all where it is null. */
export const expire = (sql: Sql, userId: string | null): Promise<number> =>
  sql.affected(
    `UPDATE recovery_request SET status = 'EXPIRED', ended_at = expires_at WHERE id IN (
       SELECT id FROM recovery_request
       WHERE ended_at IS NULL AND expires_at <= gateway_now() AND ($1::text IS NULL OR user_id = $1)
       LIMIT 500 FOR UPDATE SKIP LOCKED)`,
    [userId],
  );

/** Ends a live request; false if it is over already: the first end stands. */
export const endRequest = async (
  tx: Sql,
  id: string,
  status: Extract<RecoveryStatus, 'COMPLETED' | 'DENIED' | 'CANCELED'>,
): Promise<boolean> =>
  (await tx.affected(
    `UPDATE recovery_request SET status = $2, ended_at = gateway_now()
     WHERE id = $1 AND ended_at IS NULL AND expires_at > gateway_now()`,
    [id, status],
  )) === 1;

/** Ends the live request of a user, if there is one; gives its id. */
export const cancelRequestOf = (tx: Sql, userId: string): Promise<{ id: string } | undefined> =>
  tx.row(
    `UPDATE recovery_request SET status = 'CANCELED', ended_at = gateway_now()
     WHERE user_id = $1 AND ended_at IS NULL AND expires_at > gateway_now() RETURNING id`,
    [userId],
  );

/** False if the same person has decided about it before. */
export const addDecision = async (tx: Sql, decision: Omit<RecoveryDecision, 'decidedAt'>): Promise<boolean> =>
  (await tx.affected(
    `INSERT INTO recovery_decision (request_id, decider_id, is_approval, is_emergency, identity_check,
       evidence_reference, note) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING`,
    [
      decision.requestId,
      decision.deciderId,
      decision.isApproval,
      decision.isEmergency,
      decision.identityCheck,
      decision.evidenceReference,
      decision.note,
    ],
  )) === 1;

export const countApprovals = async (tx: Sql, requestId: string): Promise<number> =>
  (
    await tx.row<{ count: number }>(
      'SELECT count(*)::int AS count FROM recovery_decision WHERE request_id = $1 AND is_approval',
      [requestId],
    )
  )?.count ?? 0;

/** What one more decision makes of the request, which the caller has locked. */
export const noteApprovals = (
  tx: Sql,
  id: string,
  requiredApprovals: number,
  isEmergency: boolean,
): Promise<number> =>
  tx.affected('UPDATE recovery_request SET required_approvals = $2, is_emergency = $3 WHERE id = $1', [
    id,
    requiredApprovals,
    isEmergency,
  ]);

/** The last approval is given: the waiting period begins now. */
export const approve = (
  tx: Sql,
  id: string,
  { waitingHours, timeoutHours }: { readonly waitingHours: number; readonly timeoutHours: number },
): Promise<number> =>
  tx.affected(
    `UPDATE recovery_request SET status = 'APPROVED', approved_at = now, ready_at = now + make_interval(hours => $2),
       expires_at = now + make_interval(hours => $2 + $3)
     FROM gateway_now() AS now WHERE id = $1`,
    [id, waitingHours, timeoutHours],
  );

/** Whose waiting period is half over and who were not told so; nobody else takes them in this transaction. */
export const takeHalfway = (tx: Sql, atMost: number): Promise<RecoveryNow[]> =>
  tx.rows(
    `UPDATE recovery_request r SET told_half_at = gateway_now() WHERE id IN (
       SELECT id FROM recovery_request
       WHERE ended_at IS NULL AND status = 'APPROVED' AND told_half_at IS NULL AND ready_at > gateway_now()
         AND approved_at + (ready_at - approved_at) / 2 <= gateway_now()
       LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING ${COLUMNS}`,
    [atMost],
  );

/** Whose waiting period is over and whose code was not sent. */
export const takeReady = (tx: Sql, atMost: number): Promise<RecoveryNow[]> =>
  tx.rows(
    `UPDATE recovery_request r SET status = 'READY' WHERE id IN (
       SELECT id FROM recovery_request
       WHERE ended_at IS NULL AND status = 'APPROVED' AND ready_at <= gateway_now() AND expires_at > gateway_now()
       LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING ${COLUMNS}`,
    [atMost],
  );

/** The same for one request; false if its code was sent before. */
export const markReady = async (tx: Sql, id: string): Promise<boolean> =>
  (await tx.affected(`UPDATE recovery_request SET status = 'READY' WHERE id = $1 AND status = 'APPROVED'`, [
    id,
  ])) === 1;

export const setCode = (tx: Sql, id: string, factorId: string): Promise<number> =>
  tx.affected('UPDATE recovery_request SET factor_id = $2 WHERE id = $1', [id, factorId]);

/** Whether the code was used in a sign-in that ended without a factor: then it leads nowhere any more. */
export const isCodeSpent = async (tx: Sql, factorId: string): Promise<boolean> =>
  (
    await tx.row<{ spent: boolean }>(
      `SELECT (last_used_at IS NOT NULL OR revoked_at <= gateway_now()) AND NOT EXISTS (
         SELECT FROM challenge c JOIN auth_flow f ON f.id = c.flow_id
         WHERE c.factor_id = $1 AND c.status = 'ACCEPTED' AND f.ended_at IS NULL AND f.expires_at > gateway_now()) AS spent
       FROM factor WHERE id = $1`,
      [factorId],
    )
  )?.spent ?? false;

/** The temporary code that was accepted in a flow. */
export const codeOfFlow = async (tx: Sql, flowId: string, kind: string): Promise<string | undefined> =>
  (
    await tx.row<{ factorId: string }>(
      `SELECT factor_id FROM challenge WHERE flow_id = $1 AND kind = $2 AND status = 'ACCEPTED'`,
      [flowId, kind],
    )
  )?.factorId;

export const decisionsOf = (sql: Sql, requestIds: readonly string[]): Promise<RecoveryDecision[]> =>
  sql.rows(
    `SELECT request_id, decider_id, is_approval, is_emergency, identity_check, evidence_reference, note, decided_at
     FROM recovery_decision WHERE request_id = ANY($1) ORDER BY decided_at, decider_id`,
    [requestIds],
  );

const isOver = 'r.ended_at IS NULL AND r.expires_at <= gateway_now()';
const isRunning = 'r.ended_at IS NULL AND r.expires_at > gateway_now()';
const STANDS: Readonly<Record<RecoveryStatus, string>> = {
  PENDING: `r.status = 'PENDING' AND ${isRunning}`,
  APPROVED: `r.status = 'APPROVED' AND r.ready_at > gateway_now() AND ${isRunning}`,
  READY: `r.status IN ('APPROVED', 'READY') AND r.ready_at <= gateway_now() AND ${isRunning}`,
  COMPLETED: `r.status = 'COMPLETED'`,
  DENIED: `r.status = 'DENIED'`,
  CANCELED: `r.status = 'CANCELED'`,
  EXPIRED: `(r.status = 'EXPIRED' OR ${isOver})`,
};

const ofStatus = (status: RecoveryStatus | null): string => (status === null ? 'true' : STANDS[status]);

/** Oldest first, one more than is asked for. */
export const listRequests = async (
  sql: Sql,
  status: RecoveryStatus | null,
  { first, after }: Page,
): Promise<RecoveryNow[]> =>
  (
    await sql.rows<RecoveryNow>(
      `SELECT ${COLUMNS} FROM recovery_request r WHERE ${ofStatus(status)} AND ($1::text IS NULL OR r.id > $1)
       ORDER BY r.id LIMIT $2`,
      [after, first + 1],
    )
  ).map(asOfNow);

/** How many there are, counted up to one more than `atMost`. */
export const countRequests = async (
  sql: Sql,
  status: RecoveryStatus | null,
  atMost: number,
): Promise<number> =>
  (
    await sql.row<{ count: number }>(
      `SELECT count(*)::int AS count FROM (
         SELECT FROM recovery_request r WHERE ${ofStatus(status)} LIMIT $1) AS counted`,
      [atMost + 1],
    )
  )?.count ?? 0;

/** Addresses of those who are told of an emergency. */
export const administrators = (
  sql: Sql,
  atMost: number,
): Promise<{ id: string; email: string; locale: string | null }[]> =>
  sql.rows(
    `SELECT id, email, locale FROM users
     WHERE 'ADMIN' = ANY (roles) AND status = 'ACTIVE' AND email_verified_at IS NOT NULL ORDER BY id LIMIT $1`,
    [atMost],
  );
