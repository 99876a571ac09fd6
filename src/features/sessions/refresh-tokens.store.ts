import type { Role } from '../../kernel';
import type { Sql } from '../../platform';
import type { Session } from './session';
import { MAY_ACT, SESSION_COLUMNS, stands } from './sessions.store';

export interface Rotation {
  readonly presentedHash: Buffer;
  readonly childHash: Buffer;
  readonly keyVersion: string;
  readonly idleSeconds: number;
}

export type HeldSession = Session & { readonly roles: Role[] };

/**
 * Uses the token up for its one child, while session and user stand; of several at once, one gets the
 * session.
 */
export const rotate = (sql: Sql, rotation: Rotation): Promise<HeldSession | undefined> =>
  sql.row<HeldSession>(
    `WITH used AS (
       UPDATE refresh_token AS token SET used_at = gateway_now(), child_hash = $2
       FROM session JOIN users ON users.id = session.user_id
       WHERE token.hash = $1 AND token.used_at IS NULL AND session.id = token.session_id
         AND ${stands('$4')} AND ${MAY_ACT}
       RETURNING token.session_id, users.roles
     ), child AS (
       INSERT INTO refresh_token (hash, session_id, key_version, parent_hash, created_at)
       SELECT $2, used.session_id, $3, $1, gateway_now() FROM used
     )
     UPDATE session SET last_used_at = gateway_now() FROM used
     WHERE session.id = used.session_id AND session.revoked_at IS NULL
     RETURNING ${SESSION_COLUMNS}, used.roles`,
    [rotation.presentedHash, rotation.childHash, rotation.keyVersion, rotation.idleSeconds],
  );

export type UsedToken = HeldSession & {
  /** Of the child. */
  readonly keyVersion: string;
  /** Used a moment ago, and its child not yet: the reply may have been lost. */
  readonly isRetry: boolean;
  readonly maySucceed: boolean;
};

/** A token that was used before. */
export const findUsed = (
  sql: Sql,
  hash: Buffer,
  idleSeconds: number,
  retrySeconds: number,
): Promise<UsedToken | undefined> =>
  sql.row<UsedToken>(
    `SELECT ${SESSION_COLUMNS}, users.roles, child.key_version,
       token.used_at > gateway_now() - make_interval(secs => $3) AND child.used_at IS NULL AS is_retry,
       COALESCE(${stands('$2')} AND ${MAY_ACT}, false) AS may_succeed
     FROM refresh_token AS token JOIN session ON session.id = token.session_id
       JOIN users ON users.id = session.user_id JOIN refresh_token AS child ON child.hash = token.child_hash
     WHERE token.hash = $1 AND token.used_at IS NOT NULL`,
    [hash, idleSeconds, retrySeconds],
  );
