import type { Sql } from '../../platform';
import { LIMITS, type BackOffRule, type WindowRule } from './limit-rules';

export interface Charge {
  readonly count: number;
  readonly retryAt: Date | null;
}

const isFree = `(guard.retry_at IS NULL OR guard.retry_at <= gateway_now())`;

const delay = (rule: BackOffRule): string => {
  const { free, firstDelaySeconds, delaySecondsMax } = rule;
  const waited = `LEAST(${String(firstDelaySeconds)} * 2 ^ (guard.count + 1 - ${String(free)}), ${String(delaySecondsMax)})`;
  return `CASE WHEN guard.count + 1 >= ${String(free)} THEN gateway_now() + make_interval(secs => ${waited}) END`;
};

/** One INSERT that charges a failure to the keys of `source`, unless the key is inside its delay or disabled. */
const charge = (rule: BackOffRule, source: string): string => `
  INSERT INTO limit_counter AS guard (key, count, since)
  ${source}
  ON CONFLICT (key) DO UPDATE
    SET count = guard.count + 1, since = gateway_now(), retry_at = ${delay(rule)}
    WHERE ${isFree}${rule.disabledAt === undefined ? '' : ` AND guard.count < ${String(rule.disabledAt)}`}
  RETURNING guard.count, guard.retry_at`;

/** The charge of a guess as part of a larger statement: `source` names a CTE with a column `user_id`. */
export const guessCharge = (source: string): string =>
  charge(LIMITS.guesses, `SELECT '${LIMITS.guesses.name}:' || user_id, 1, gateway_now() FROM ${source}`);

/** Gives all charges of the user `$1` back: an answer was right. */
export const GUESS_RESTORE = `UPDATE limit_counter SET count = 0, retry_at = NULL WHERE key = '${LIMITS.guesses.name}:' || $1 AND count > 0`;

export async function chargeBackOff(sql: Sql, rule: BackOffRule, key: string): Promise<Charge | undefined> {
  return sql.row<Charge>(charge(rule, 'VALUES ($1, 1, gateway_now())'), [key]);
}

export async function chargeWindow(sql: Sql, rule: WindowRule, key: string): Promise<Charge | undefined> {
  const isOver = `guard.since + make_interval(secs => $2) <= gateway_now()`;
  return sql.row<Charge>(
    `INSERT INTO limit_counter AS guard (key, count, since) VALUES ($1, 1, gateway_now())
     ON CONFLICT (key) DO UPDATE
       SET count = CASE WHEN ${isOver} THEN 1 ELSE guard.count + 1 END,
           since = CASE WHEN ${isOver} THEN gateway_now() ELSE guard.since END
       WHERE ${isOver} OR guard.count < $3
     RETURNING guard.count, guard.retry_at`,
    [key, rule.perSeconds, rule.count],
  );
}

export const windowEnd = async (sql: Sql, rule: WindowRule, key: string): Promise<Date | null> =>
  (
    await sql.row<{ ends: Date }>(
      'SELECT since + make_interval(secs => $2) AS ends FROM limit_counter WHERE key = $1',
      [key, rule.perSeconds],
    )
  )?.ends ?? null;

export const readCharge = (sql: Sql, key: string): Promise<Charge | undefined> =>
  sql.row<Charge>('SELECT count, retry_at FROM limit_counter WHERE key = $1', [key]);

export const readDelays = (sql: Sql, keys: readonly string[]): Promise<{ key: string; retryAt: Date }[]> =>
  keys.length === 0
    ? Promise.resolve([])
    : sql.rows('SELECT key, retry_at FROM limit_counter WHERE key = ANY ($1) AND retry_at > gateway_now()', [
        keys,
      ]);

export const forget = (sql: Sql, keys: readonly string[]): Promise<number> =>
  sql.affected('DELETE FROM limit_counter WHERE key = ANY($1)', [keys]);

/** Takes one charge back, where it turned out that nothing was tried. */
export const takeBack = (sql: Sql, key: string, free: number): Promise<number> =>
  sql.affected(
    `UPDATE limit_counter SET count = GREATEST(count - 1, 0),
       retry_at = CASE WHEN count - 1 >= $2 THEN retry_at END WHERE key = $1`,
    [key, free],
  );

/** Counters that nothing will look at again: a day has passed since their last failure or the begin of their window. */
export const sweepCounters = (sql: Sql): Promise<number> =>
  sql.affected(
    `DELETE FROM limit_counter WHERE key IN (
       SELECT key FROM limit_counter
       WHERE key NOT LIKE '${LIMITS.guesses.name}:usr\\_%' AND since < gateway_now() - interval '25 hours'
       LIMIT 1000 FOR UPDATE SKIP LOCKED)`,
  );
