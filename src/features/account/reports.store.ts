import type { ClientContext } from '../../kernel';
import type { Sql } from '../../platform';

export interface ReportedEvent {
  readonly id: string;
  readonly type: string;
  readonly userId: string;
  readonly locale: string | null;
  readonly flowId: string | null;
  readonly sessionId: string | null;
  readonly occurredAt: Date;
  readonly context: ClientContext | null;
}

/** A link in a notice works so long. */
const REPORTABLE = '30 days';

export const reportable = (
  sql: Sql,
  where: 'e.id = $1' | 'e.id = $1 AND e.user_id = $2',
  values: readonly string[],
): Promise<ReportedEvent | undefined> =>
  sql.row<ReportedEvent>(
    `SELECT e.id, e.type, e.user_id, u.locale, e.flow_id, e.session_id, e.occurred_at, e.context
     FROM audit_event e JOIN users u ON u.id = e.user_id
     WHERE ${where} AND e.occurred_at > gateway_now() - interval '${REPORTABLE}'`,
    values,
  );

export const wasPhoneRung = async (sql: Sql, flowId: string): Promise<boolean> =>
  (await sql.row(`SELECT 1 FROM challenge WHERE flow_id = $1 AND kind = 'PUSH'`, [flowId])) !== undefined;

/** The session that a step-up began from. */
export const sessionOfFlow = async (sql: Sql, flowId: string): Promise<string | null> =>
  (await sql.row<{ sessionId: string | null }>('SELECT session_id FROM auth_flow WHERE id = $1', [flowId]))
    ?.sessionId ?? null;

/** What is known of the password that a reported act began with. */
export interface KnownPassword {
  /** The password that was given is still the account's. */
  readonly isPresent: boolean;
  /** The account has a factor that it had before that sign-in, and that whoever signed in cannot have brought along. */
  readonly hadSecondFactor: boolean;
}

/**
 * Undefined where no right password was given in the flow, nor in the one that began the session. Whoever changed the
 * password knows it as well.
 */
export const knownPassword = (
  sql: Sql,
  suspect: Pick<ReportedEvent, 'userId' | 'flowId' | 'sessionId' | 'type' | 'occurredAt'>,
): Promise<KnownPassword | undefined> =>
  sql.row<KnownPassword>(
    `WITH flow AS (
       SELECT $2::text AS id
       UNION SELECT flow_id FROM audit_event
         WHERE user_id = $1 AND session_id = $3 AND type = 'SIGN_IN_COMPLETED' AND outcome = 'SUCCESS'),
     given AS (
       SELECT occurred_at AS at FROM audit_event
         WHERE user_id = $1 AND type = 'SIGN_IN_STARTED' AND outcome = 'SUCCESS' AND factor_kind = 'PASSWORD'
           AND flow_id IN (SELECT id FROM flow)
       UNION ALL SELECT $5::timestamptz WHERE $4 = 'PASSWORD_CHANGED')
     SELECT bool_or(u.password_changed_at IS NULL OR u.password_changed_at <= given.at) AS is_present,
       EXISTS (
         SELECT FROM factor WHERE user_id = $1 AND revoked_at IS NULL
           AND created_at < (SELECT min(at) FROM given)) AS had_second_factor
     FROM users u, given WHERE u.id = $1 HAVING count(*) > 0`,
    [suspect.userId, suspect.flowId, suspect.sessionId, suspect.type, suspect.occurredAt],
  );
