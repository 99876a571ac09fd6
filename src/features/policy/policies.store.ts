import type { Sql } from '../../platform';
import { DORMANT_DAYS, type Enforced } from './enforced';
import type { Place } from './facts';

/** A version as it is stored; what its values hold is not looked at here. */
export interface PolicyRow {
  readonly version: number;
  readonly values: unknown;
  readonly updatedAt: Date;
  readonly updatedBy: string | null;
  /** The database's clock. */
  readonly now: Date;
}

const COLUMNS = 'version, "values", updated_at, updated_by, gateway_now() AS now';
const LATEST = `SELECT ${COLUMNS} FROM policy`;

export const latestPolicy = (sql: Sql): Promise<PolicyRow | undefined> =>
  sql.row<PolicyRow>(`${LATEST} ORDER BY version DESC LIMIT 1`);

export const policyVersion = (sql: Sql, version: number): Promise<PolicyRow | undefined> =>
  sql.row<PolicyRow>(`${LATEST} WHERE version = $1`, [version]);

/** The SHA-256 of the policy file that was applied last. */
export const lastFileHash = async (sql: Sql): Promise<Buffer | undefined> =>
  (
    await sql.row<{ fileHash: Buffer }>(
      'SELECT file_hash FROM policy WHERE file_hash IS NOT NULL ORDER BY version DESC LIMIT 1',
    )
  )?.fileHash;

/** Nothing if the version is taken. */
export const insertPolicy = (
  tx: Sql,
  policy: {
    readonly version: number;
    readonly values: object;
    readonly fileHash: Buffer | null;
    readonly note: string | null;
    readonly updatedBy: string | null;
  },
): Promise<PolicyRow | undefined> =>
  tx.row<PolicyRow>(
    `INSERT INTO policy (version, "values", file_hash, note, updated_at, updated_by)
     VALUES ($1, $2, $3, $4, gateway_now(), $5) ON CONFLICT DO NOTHING
     RETURNING ${COLUMNS}`,
    [policy.version, JSON.stringify(policy.values), policy.fileHash, policy.note, policy.updatedBy],
  );

const LOCK = `hashtextextended('policy', 0)`;

/** Whoever changes the policy waits for the users that are being made, and the other way round: nobody is missed. */
export const lockToChange = (tx: Sql): Promise<unknown> => tx.rows(`SELECT pg_advisory_xact_lock(${LOCK})`);
export const lockToApply = (tx: Sql): Promise<unknown> =>
  tx.rows(`SELECT pg_advisory_xact_lock_shared(${LOCK})`);

/** The latest version, read after the lock that its change would hold. */
export const latestVersion = async (tx: Sql): Promise<number | null> =>
  (await tx.row<{ version: number | null }>('SELECT max(version) AS version FROM policy'))?.version ?? null;

/**
 * Writes the deadline of all whom the policy makes enroll and who have none, or of one such user; says how many. Who was
 * away for long gets no time: the password alone must not open such an account again.
 */
export const setDeadlines = (tx: Sql, enforced: Enforced, userId: string | null): Promise<number> =>
  tx.affected(
    `UPDATE users SET enrollment_due_at = at.now + $4::int * interval '24 hours'
     FROM (SELECT gateway_now() AS now) AS at
     WHERE enrollment_due_at IS NULL AND ($5::text IS NULL OR id = $5)
       AND ($1 OR roles && $2) AND NOT ($3 AND account_type = 'SERVICE')
       AND COALESCE(last_sign_in_at, created_at) > at.now - $6::int * interval '24 hours'`,
    [
      enforced.isEverybody,
      enforced.roles,
      enforced.isWithoutServiceAccounts,
      enforced.graceDays,
      userId,
      DORMANT_DAYS,
    ],
  );

/** Moves one user's deadline; undefined if there is no such user. */
export const moveDeadline = (tx: Sql, userId: string, until: Date): Promise<{ id: string } | undefined> =>
  tx.row('UPDATE users SET enrollment_due_at = $2 WHERE id = $1 RETURNING id', [userId, until]);

/** Whether the password alone may no longer enroll a factor; nothing changes where it is so already. */
export const setEnrollmentClosed = (tx: Sql, userId: string, isClosed: boolean): Promise<number> =>
  tx.affected(
    `UPDATE users SET enrollment_closed_at = CASE WHEN $2 THEN gateway_now() END
     WHERE id = $1 AND (enrollment_closed_at IS NOT NULL) <> $2`,
    [userId, isClosed],
  );

/** What the decision about one user needs besides what its caller knows: one row. */
export interface FactsRow {
  readonly at: Date;
  readonly version: number | null;
  readonly values: unknown;
  readonly enrollmentDueAt: Date | null;
  readonly isEnrollmentClosed: boolean;
  readonly lastActiveAt: Date;
  readonly isPlaceKnown: boolean | null;
  readonly lastCountry: string | null;
  readonly lastCity: string | null;
  readonly lastLatitude: number | null;
  readonly lastLongitude: number | null;
  readonly lastSeenAt: Date | null;
}

/** A place is known by its country, and by its city where both times it was known. Values of the known version are left out. */
export const factsOf = (
  sql: Sql,
  userId: string,
  place: Place | null,
  knownVersion: number | null,
): Promise<FactsRow | undefined> =>
  sql.row<FactsRow>(
    `SELECT gateway_now() AS at, p.version, CASE WHEN p.version IS DISTINCT FROM $4 THEN p."values" END AS "values",
       u.enrollment_due_at,
       u.enrollment_closed_at IS NOT NULL AS is_enrollment_closed,
       COALESCE(u.last_sign_in_at, u.created_at) AS last_active_at,
       CASE WHEN last.country IS NOT NULL AND $2::text IS NOT NULL THEN EXISTS (
         SELECT FROM seen_place s WHERE s.user_id = u.id AND s.country = $2
           AND ($3 = '' OR s.city IN ('', $3))) END AS is_place_known,
       last.country AS last_country, last.city AS last_city, last.latitude AS last_latitude,
       last.longitude AS last_longitude, last.last_seen_at
     FROM users u
     LEFT JOIN LATERAL (SELECT version, "values" FROM policy ORDER BY version DESC LIMIT 1) p ON true
     LEFT JOIN LATERAL (
       SELECT country, city, latitude, longitude, last_seen_at FROM seen_place
       WHERE user_id = u.id ORDER BY last_seen_at DESC LIMIT 1) last ON true
     WHERE u.id = $1`,
    [userId, place?.country ?? null, place?.city ?? '', knownVersion],
  );

export const notePlace = (tx: Sql, userId: string, place: Place): Promise<number> =>
  tx.affected(
    `INSERT INTO seen_place (user_id, country, city, latitude, longitude, first_seen_at, last_seen_at)
     SELECT $1, $2, $3, $4, $5, now, now FROM gateway_now() AS now
     ON CONFLICT (user_id, country, city) DO UPDATE SET last_seen_at = EXCLUDED.last_seen_at,
       latitude = EXCLUDED.latitude, longitude = EXCLUDED.longitude`,
    [userId, place.country, place.city ?? '', place.latitude, place.longitude],
  );

/** A place that was not seen for a year is a new one again. */
export const dropOldPlaces = (sql: Sql): Promise<number> =>
  sql.affected(
    `DELETE FROM seen_place WHERE ctid = ANY (ARRAY (
       SELECT ctid FROM seen_place WHERE last_seen_at < gateway_now() - interval '365 days' LIMIT 1000))`,
  );
