import type { Role } from '../../kernel';
import type { Sql } from '../../platform';

/** The roles of a user whose row is held until the transaction ends; undefined if there is no such user. */
export const lockUserRow = (tx: Sql, userId: string): Promise<{ roles: Role[] } | undefined> =>
  tx.row('SELECT roles FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId]);

/** Whoever takes an administrator away queues here, so that two at once do not take the last two. */
export const lockAdministrators = (tx: Sql): Promise<unknown> =>
  tx.rows(`SELECT pg_advisory_xact_lock(hashtextextended('administrators', 0))`);

/** Whether somebody else who may act is an administrator. */
export const hasOtherAdministrator = async (tx: Sql, userId: string): Promise<boolean> =>
  (await tx.row(
    `SELECT 1 FROM users WHERE id <> $1 AND roles && '{HELP_DESK,ADMIN}' AND roles && '{ADMIN}'
       AND (status <> 'LOCKED' OR locked_until <= gateway_now()) LIMIT 1`,
    [userId],
  )) !== undefined;

/** Null: until unlocked. False: that time is past. */
export const setLock = async (tx: Sql, userId: string, until: Date | null): Promise<boolean> =>
  (await tx.affected(
    `UPDATE users SET status = 'LOCKED', locked_until = $2
     WHERE id = $1 AND ($2::timestamptz IS NULL OR $2 > gateway_now())`,
    [userId, until],
  )) === 1;

/** Who was invited and has not set a password yet is that again. */
export const liftLock = (tx: Sql, userId: string): Promise<number> =>
  tx.affected(
    `UPDATE users SET locked_until = NULL, status = CASE WHEN email_verified_at IS NULL AND password_changed_at IS NULL
       AND external_id IS NULL AND account_type = 'PERSON' THEN 'PENDING' ELSE 'ACTIVE' END
     WHERE id = $1 AND status = 'LOCKED'`,
    [userId],
  );

export const setRoles = (tx: Sql, userId: string, roles: readonly Role[]): Promise<number> =>
  tx.affected('UPDATE users SET roles = $2 WHERE id = $1', [userId, roles]);

/** With all that is theirs, save the audit log. */
export const deleteUserRow = (tx: Sql, userId: string): Promise<number> =>
  tx.affected('DELETE FROM users WHERE id = $1', [userId]);
