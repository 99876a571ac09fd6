import type { Role } from '../../kernel';
import type { Database, Sql } from '../../platform';
import { factorKinds } from '../factors';
import type { AccountType } from '../users';
import type { Page } from './pages';

/** Users who are all the same to the policy. */
export interface UserGroup {
  readonly accountType: AccountType;
  readonly roles: readonly Role[];
  /** Kinds of their factors, each once. */
  readonly factorKinds: readonly string[];
  readonly deadline: 'NONE' | 'PAST' | 'FUTURE';
}

export interface CountedGroup extends UserGroup {
  readonly count: number;
  /** The database's clock. */
  readonly at: Date;
}

/** Kinds are told apart by bits: sets of names would have to be sorted for every user. */
const KINDS: readonly string[] = factorKinds.map(({ kind }) => kind);
const BITS = `bit_or(1 << (array_position('{${KINDS.join()}}'::text[], kind) - 1))`;
const bitsOf = (kinds: readonly string[]): number =>
  KINDS.reduce((bits, kind, index) => bits | (kinds.includes(kind) ? 1 << index : 0), 0);
const kindsOf = (bits: number): string[] => KINDS.filter((_, index) => (bits & (1 << index)) !== 0);

const AT = '(SELECT gateway_now() AS now) AS at';
const DEADLINE = `CASE WHEN u.enrollment_due_at IS NULL THEN 'NONE' WHEN u.enrollment_due_at > at.now THEN 'FUTURE'
  ELSE 'PAST' END`;
/** Who is locked signs in under no policy. */
const NOT_LOCKED = `NOT (u.status = 'LOCKED' AND (u.locked_until IS NULL OR u.locked_until > at.now))`;

/** All users in one pass, which may take longer than a sign-in's statements may. */
export async function userGroups(database: Database): Promise<CountedGroup[]> {
  const rows = await database.transaction(async (tx) => {
    await tx.rows(`SET LOCAL statement_timeout = '10s'`);
    return tx.rows<Omit<CountedGroup, 'factorKinds'> & { readonly bits: number }>(
      `SELECT u.account_type, u.roles, COALESCE(f.bits, 0) AS bits, ${DEADLINE} AS deadline, at.now AS at,
         count(*)::integer AS count
       FROM users u CROSS JOIN ${AT}
       LEFT JOIN (SELECT user_id, ${BITS} AS bits FROM factor WHERE revoked_at IS NULL GROUP BY user_id) f
         ON f.user_id = u.id
       WHERE ${NOT_LOCKED}
       GROUP BY 1, 2, 3, 4, 5`,
    );
  });
  return rows.map(({ bits, ...group }) => ({ ...group, factorKinds: kindsOf(bits) }));
}

/** Ids of the users of these groups, newest first: one more than asked for, where there is one. */
export const usersOfGroups = (
  database: Database,
  groups: readonly UserGroup[],
  { first, after }: Page,
): Promise<{ id: string }[]> =>
  database.transaction(async (tx) => {
    await tx.rows(`SET LOCAL statement_timeout = '10s'`);
    return tx.rows<{ id: string }>(
      `SELECT u.id FROM users u CROSS JOIN ${AT}
       JOIN jsonb_to_recordset($1::jsonb) AS g ("accountType" text, roles text[], bits integer, deadline text)
         ON g."accountType" = u.account_type AND g.roles = u.roles AND g.deadline = ${DEADLINE}
       CROSS JOIN LATERAL (
         SELECT COALESCE(${BITS}, 0) AS bits FROM factor WHERE user_id = u.id AND revoked_at IS NULL
       ) f
       WHERE ($2::text IS NULL OR u.id < $2) AND ${NOT_LOCKED} AND f.bits = g.bits
       ORDER BY u.id DESC LIMIT $3`,
      [
        JSON.stringify(groups.map((group) => ({ ...group, bits: bitsOf(group.factorKinds) }))),
        after,
        first + 1,
      ],
    );
  });

const BLOCK = 500;

/**
 * Sign-ins that were decided on since then, newest first, refused ones among them; at most `countMax`. Read in blocks,
 * so that the process can serve others between them. `fromId` is below the id of each of them.
 */
export async function* decidedSignIns(
  sql: Sql,
  since: Date,
  fromId: string,
  countMax: number,
): AsyncGenerator<{ readonly id: string; readonly details: unknown }> {
  let before: string | null = null;
  for (let left = countMax; left > 0; left -= BLOCK) {
    const block: { id: string; details: unknown }[] = await sql.rows(
      `SELECT id, details FROM audit_event
       WHERE id > $1 AND ($2::text IS NULL OR id < $2) AND type = 'SIGN_IN_STARTED' AND details IS NOT NULL
         AND occurred_at >= $3
       ORDER BY id DESC LIMIT $4`,
      [fromId, before, since, Math.min(BLOCK, left)],
    );
    yield* block;
    before = block.at(-1)?.id ?? null;
    if (block.length < BLOCK) return;
  }
}

/** A user's deadline, held until the transaction ends; undefined if there is no such user. */
export const lockDeadline = (
  tx: Sql,
  userId: string,
): Promise<{ now: Date; enrollmentDueAt: Date | null } | undefined> =>
  tx.row('SELECT gateway_now() AS now, enrollment_due_at FROM users WHERE id = $1 FOR UPDATE', [userId]);
