import type { Sql } from '../../platform';
import { idAt } from './list-queries';

/** One day of sign-ins, in UTC. */
export interface DayRow {
  /** `2026-11-24`. */
  readonly day: string;
  readonly signIns: number;
  readonly failures: number;
  readonly pushDenials: number;
  readonly enrolledUsers: number;
  readonly usersInGrace: number;
  readonly challenges: Readonly<Record<string, number>>;
}

const COLUMNS = `to_char(day, 'YYYY-MM-DD') AS day, sign_ins, failures, push_denials, enrolled_users, users_in_grace, challenges`;

export const readDays = (sql: Sql, first: string, last: string): Promise<DayRow[]> =>
  sql.rows<DayRow>(
    `SELECT ${COLUMNS} FROM daily_statistics WHERE day BETWEEN $1::date AND $2::date ORDER BY day`,
    [first, last],
  );

/** Days that are not counted for good: the newest first, not before the log begins. */
export const uncountedDays = (
  sql: Sql,
  {
    days,
    againAfterSeconds,
    closedAfterSeconds,
    limit,
  }: {
    readonly days: number;
    readonly againAfterSeconds: number;
    readonly closedAfterSeconds: number;
    readonly limit: number;
  },
): Promise<{ day: string }[]> =>
  sql.rows(
    `WITH at AS (SELECT gateway_now() AS now),
       oldest AS (SELECT occurred_at FROM audit_event ORDER BY id LIMIT 1),
       days AS (
         SELECT day::date AS day, (day + interval '1 day') AT TIME ZONE 'UTC' + make_interval(secs => $3) AS closed
         FROM at, oldest, generate_series(
           GREATEST(date_trunc('day', oldest.occurred_at AT TIME ZONE 'UTC'),
             date_trunc('day', at.now AT TIME ZONE 'UTC') - make_interval(days => $1)),
           at.now AT TIME ZONE 'UTC', '1 day') AS day)
     SELECT to_char(days.day, 'YYYY-MM-DD') AS day FROM at, days LEFT JOIN daily_statistics s ON s.day = days.day
     WHERE s.day IS NULL
       OR s.counted_at < closed AND (at.now >= closed OR s.counted_at <= at.now - make_interval(secs => $2))
     ORDER BY days.day DESC LIMIT $4`,
    [days, againAfterSeconds, closedAfterSeconds, limit],
  );

/** The kinds of which a refusal on the device is a denial. */
export interface CountedKinds {
  readonly rung: readonly string[];
}

/** Counts a day and keeps it. Events belong to the day that their ids tell, which is that of the gateway's clock. */
export const countDay = (tx: Sql, day: string, { rung }: CountedKinds): Promise<number> => {
  const begin = new Date(`${day}T00:00:00.000Z`);
  const end = new Date(begin.getTime() + 86_400_000);
  return tx.affected(
    `WITH counted AS (
       SELECT type, outcome, factor_kind AS kind, count(*)::integer AS count FROM audit_event
       WHERE id >= $2 AND id < $3 GROUP BY type, outcome, factor_kind)
     INSERT INTO daily_statistics
     SELECT $1::date,
       COALESCE((SELECT sum(count) FROM counted WHERE type = 'SIGN_IN_COMPLETED' AND outcome = 'SUCCESS'), 0),
       COALESCE((SELECT sum(count) FROM counted
         WHERE type IN ('SIGN_IN_STARTED', 'SIGN_IN_COMPLETED') AND outcome = 'FAILURE'), 0),
       COALESCE((SELECT sum(count) FROM counted WHERE type = 'APPROVAL_REPORTED'
         OR type = 'CHALLENGE_ANSWERED' AND outcome = 'FAILURE' AND kind = ANY ($4)), 0),
       (SELECT count(DISTINCT user_id) FROM factor
         WHERE created_at < $5 AND (revoked_at IS NULL OR revoked_at >= $5) AND kind <> 'TEMPORARY_CODE'),
       (SELECT count(*) FROM users u WHERE u.created_at < $5 AND u.enrollment_due_at > LEAST($5, gateway_now())
         AND NOT EXISTS (SELECT FROM factor f WHERE f.user_id = u.id AND f.created_at < $5
           AND (f.revoked_at IS NULL OR f.revoked_at >= $5) AND f.kind <> 'TEMPORARY_CODE')),
       COALESCE((SELECT jsonb_object_agg(kind, count) FROM counted WHERE type = 'CHALLENGE_SENT' AND kind IS NOT NULL), '{}'),
       gateway_now()
     ON CONFLICT (day) DO UPDATE SET sign_ins = EXCLUDED.sign_ins, failures = EXCLUDED.failures,
       push_denials = EXCLUDED.push_denials, enrolled_users = EXCLUDED.enrolled_users,
       users_in_grace = EXCLUDED.users_in_grace, challenges = EXCLUDED.challenges, counted_at = EXCLUDED.counted_at`,
    [day, idAt('evt', begin), idAt('evt', end), rung, end],
  );
};
