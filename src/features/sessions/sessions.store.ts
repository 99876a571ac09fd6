import type { Role } from '../../kernel';
import type { Sql } from '../../platform';
import type { Enforced } from '../policy';
import type { Authentication, Session } from './session';
import type { SessionOpening } from './session-grant';

export const SESSION_COLUMNS = `session.id, session.user_id, session.client_id, session.application_name,
  session.known_device_id, session.proofs, session.assurance, session.methods, session.authenticated_at,
  session.created_at, session.last_used_at, session.expires_at, session.context`;

/**
 * Whether the session is neither revoked nor over; `idle` is the parameter with the idle limit in seconds.
 */
export const stands = (idle: `$${number}`): string => `(session.revoked_at IS NULL
  AND session.expires_at > gateway_now()
  AND session.last_used_at > gateway_now() - make_interval(secs => ${idle}))`;

/** Whether the account may be used. A lock without an end compares as null, which is not true. */
export const MAY_ACT = `(users.status <> 'LOCKED' OR users.locked_until <= gateway_now())`;

export interface NewSession extends SessionOpening, Pick<Authentication, 'assurance' | 'methods'> {
  readonly id: string;
  readonly lifeSeconds: number;
  readonly refreshHash: Buffer;
  readonly keyVersion: string;
}

/**
 * Session and first refresh token in one statement; nothing if the flow has a session already or the user may
 * not act. The user's row is locked first: whoever locks the account and ends its sessions either is seen
 * here or sees this one.
 */
export function insertSession(sql: Sql, opened: NewSession): Promise<Session | undefined> {
  return sql.row<Session>(
    `WITH owner AS (
       SELECT users.id FROM users WHERE users.id = $2 AND ${MAY_ACT} FOR NO KEY UPDATE
     ), opened AS (
       INSERT INTO session (id, user_id, client_id, application_name, flow_id, known_device_id, proofs,
         assurance, methods, authenticated_at, created_at, last_used_at, expires_at, context)
       SELECT $1, owner.id, $3, $4, $5, $6, $7, $8, $9, at.now, at.now, at.now,
           LEAST(at.now + make_interval(secs => $10), $14), $11
         FROM owner, (SELECT gateway_now() AS now) AS at
       ON CONFLICT (flow_id) DO NOTHING
       RETURNING ${SESSION_COLUMNS}
     ), first AS (
       INSERT INTO refresh_token (hash, session_id, key_version, created_at)
       SELECT $12, opened.id, $13, opened.created_at FROM opened
     )
     SELECT ${SESSION_COLUMNS} FROM opened AS session`,
    [
      opened.id,
      opened.userId,
      opened.clientId,
      opened.applicationName,
      opened.flowId,
      opened.knownDeviceId,
      JSON.stringify(opened.proofs),
      opened.assurance,
      opened.methods,
      opened.lifeSeconds,
      JSON.stringify(opened.context),
      opened.refreshHash,
      opened.keyVersion,
      opened.endsBy,
    ],
  );
}

const standingOf = (columns: string): string => `
  SELECT ${columns} FROM session JOIN users ON users.id = session.user_id
  WHERE session.id = $1 AND session.user_id = $2 AND ${stands('$3')} AND ${MAY_ACT}`;

/** The session, if it stands, is this user's, and the user may act. */
export const findStanding = (
  sql: Sql,
  id: string,
  userId: string,
  idle: number,
): Promise<Session | undefined> => sql.row<Session>(standingOf(SESSION_COLUMNS), [id, userId, idle]);

/** The same, and holds its row until the transaction ends. */
export const lockStanding = (sql: Sql, id: string, userId: string, idle: number) =>
  sql.row<Session & { now: Date }>(
    `${standingOf(`${SESSION_COLUMNS}, gateway_now() AS now`)} FOR UPDATE OF session`,
    [id, userId, idle],
  );

/** The roles that the user has now, if the session stands and the user may act. */
export const standingRoles = (sql: Sql, id: string, userId: string, idle: number) =>
  sql.row<{ roles: Role[] }>(standingOf('users.roles'), [id, userId, idle]);

export const setAuthentication = (
  sql: Sql,
  id: string,
  proven: Authentication,
): Promise<Session | undefined> =>
  sql.row<Session>(
    `UPDATE session SET proofs = $2, assurance = $3, methods = $4, authenticated_at = $5,
       last_used_at = gateway_now()
     WHERE id = $1 RETURNING ${SESSION_COLUMNS}`,
    [id, JSON.stringify(proven.proofs), proven.assurance, proven.methods, proven.authenticatedAt],
  );

/** The session of a reply that may have been lost: its first refresh token is new and unused. */
export const findJustOpened = (sql: Sql, flowId: string, idle: number, retrySeconds: number) =>
  sql.row<Session & { keyVersion: string; hash: Buffer }>(
    `SELECT ${SESSION_COLUMNS}, token.key_version, token.hash
     FROM session JOIN users ON users.id = session.user_id
       JOIN refresh_token AS token ON token.session_id = session.id AND token.parent_hash IS NULL
     WHERE session.flow_id = $1 AND ${stands('$2')} AND ${MAY_ACT} AND token.used_at IS NULL
       AND token.created_at > gateway_now() - make_interval(secs => $3)`,
    [flowId, idle, retrySeconds],
  );

export const listStanding = (sql: Sql, userId: string, idle: number, limit: number): Promise<Session[]> =>
  sql.rows<Session>(
    `SELECT ${SESSION_COLUMNS} FROM session WHERE session.user_id = $1 AND ${stands('$2')}
     ORDER BY session.created_at DESC, session.id DESC LIMIT $3`,
    [userId, idle, limit],
  );

/** Ends one session; `userId` null means whosever it is. */
export const revokeSession = (sql: Sql, id: string, reason: string, userId: string | null): Promise<number> =>
  sql.affected(
    `UPDATE session SET revoked_at = gateway_now(), revoked_reason = $2
     WHERE id = $1 AND revoked_at IS NULL AND expires_at > gateway_now()
       AND ($3::text IS NULL OR user_id = $3)`,
    [id, reason, userId],
  );

/** Uses up the proof of this time for one operation; false if that was done, or the session is over. */
export const spendStepUp = async (sql: Sql, id: string, authenticatedAt: Date): Promise<boolean> =>
  (await sql.affected(
    `UPDATE session SET step_up_spent = $2
     WHERE id = $1 AND revoked_at IS NULL AND (step_up_spent IS NULL OR step_up_spent < $2)`,
    [id, authenticatedAt],
  )) === 1;

/** Who has no factor stays signed in until the deadline to enroll one at the latest. */
export const endByDeadline = (sql: Sql, enforced: Enforced, userId: string | null): Promise<number> =>
  sql.affected(
    `UPDATE session SET expires_at = users.enrollment_due_at FROM users
     WHERE users.id = session.user_id AND session.revoked_at IS NULL
       AND session.expires_at > users.enrollment_due_at AND ($4::text IS NULL OR users.id = $4)
       AND ($1 OR users.roles && $2) AND NOT ($3 AND users.account_type = 'SERVICE')
       AND NOT EXISTS (SELECT FROM factor WHERE factor.user_id = users.id AND factor.revoked_at IS NULL)`,
    [enforced.isEverybody, enforced.roles, enforced.isWithoutServiceAccounts, userId],
  );

/** Ends all sessions of the user but one. */
export const revokeSessionsBegunWith = (
  sql: Sql,
  names: { readonly userId: string; readonly flowId: string | null; readonly sessionId: string | null },
  reason: string,
): Promise<number> =>
  sql.affected(
    `UPDATE session SET revoked_at = gateway_now(), revoked_reason = $4
     WHERE user_id = $1 AND (flow_id = $2 OR id = $3) AND revoked_at IS NULL AND expires_at > gateway_now()`,
    [names.userId, names.flowId, names.sessionId, reason],
  );

export const revokeSessionsOf = (
  sql: Sql,
  userId: string,
  reason: string,
  except: string | null,
): Promise<number> =>
  sql.affected(
    `UPDATE session SET revoked_at = gateway_now(), revoked_reason = $2
     WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > gateway_now()
       AND ($3::text IS NULL OR id <> $3)`,
    [userId, reason, except],
  );

/**
 * Ends the user's sessions of these ids, or all where `ids` is null, except one; gives the ids of those that stood. A
 * session that is over already is no mistake; `owned` counts it.
 */
export const revokeOwn = (
  sql: Sql,
  userId: string,
  ids: readonly string[] | null,
  except: string | null,
  reason: string,
): Promise<{ owned: number; ended: string[] } | undefined> =>
  sql.row<{ owned: number; ended: string[] }>(
    `WITH owned AS (
       SELECT id FROM session WHERE user_id = $1 AND ($2::text[] IS NULL OR id = ANY($2))
         AND ($3::text IS NULL OR id <> $3)
     ), ended AS (
       UPDATE session SET revoked_at = gateway_now(), revoked_reason = $4 FROM owned
       WHERE session.id = owned.id AND revoked_at IS NULL AND expires_at > gateway_now()
       RETURNING session.id
     )
     SELECT (SELECT count(*)::int FROM owned) AS owned, ARRAY(SELECT id FROM ended ORDER BY id) AS ended`,
    [userId, ids, except, reason],
  );

/** Removes sessions, with their refresh tokens, that have been over for a day. */
export const sweepSessions = (sql: Sql): Promise<number> =>
  sql.affected(
    `DELETE FROM session WHERE id IN (
       SELECT id FROM session WHERE expires_at < (SELECT gateway_now()) - interval '1 day'
       ORDER BY expires_at LIMIT 100 FOR UPDATE SKIP LOCKED)`,
  );
