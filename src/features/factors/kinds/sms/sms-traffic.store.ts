import type { Sql } from '../../../../platform';

/** A country is stopped for the day if so many codes went there and too few of them came back: toll fraud. */
export const CONVERSION = { fromSent: 20, percentMin: 20 } as const;

const KEPT = '90 days';

export interface Counted {
  readonly day: string;
  /** Null: the country's budget is used up, or too few of its codes are used. Nothing was counted. */
  readonly countrySent: number | null;
  /** Null: the budget of all countries is used up. */
  readonly totalSent: number | null;
}

/** Counts a code for today before it is sent, if the budgets allow it: one statement, so no two take the last place. */
export async function countSent(
  sql: Sql,
  country: string,
  budgets: { readonly daily: number; readonly perCountry: number },
): Promise<Counted> {
  const { fromSent, percentMin } = CONVERSION;
  const counted = await sql.row<Counted>(
    `WITH today AS (SELECT (gateway_now() AT TIME ZONE 'UTC')::date AS day),
     country AS (
       INSERT INTO sms_traffic AS t (country, day, sent, used) SELECT $1, day, 1, 0 FROM today
       ON CONFLICT (country, day) DO UPDATE SET sent = t.sent + 1
         WHERE t.sent < $2
           AND (t.sent < ${String(fromSent)} OR t.used * 100 >= t.sent * ${String(percentMin)})
       RETURNING sent),
     total AS (
       INSERT INTO sms_traffic AS t (country, day, sent, used) SELECT '*', day, 1, 0 FROM today, country
       ON CONFLICT (country, day) DO UPDATE SET sent = t.sent + 1 WHERE t.sent < $3
       RETURNING sent)
     SELECT today.day::text AS day, country.sent AS country_sent, total.sent AS total_sent
     FROM today LEFT JOIN country ON true LEFT JOIN total ON true`,
    [country, budgets.perCountry, budgets.daily],
  );
  return counted as Counted;
}

/** One of the codes sent on that day came back right. */
export const countUsed = (sql: Sql, country: string, day: string): Promise<number> =>
  sql.affected('UPDATE sms_traffic SET used = used + 1 WHERE country = $1 AND day = $2', [country, day]);

export const sweepTraffic = (sql: Sql): Promise<number> =>
  sql.affected(
    `DELETE FROM sms_traffic WHERE day < (gateway_now() AT TIME ZONE 'UTC')::date - interval '${KEPT}'`,
  );
