import type { Sql } from '../../../../platform';

export interface StoredNumber {
  readonly factorId: string;
  readonly userId: string;
  readonly sealedNumber: string;
  readonly country: string;
}

const COLUMNS = 'factor_id, user_id, sealed_number, country';
const STANDS = 'EXISTS (SELECT 1 FROM factor WHERE factor.id = factor_id AND factor.revoked_at IS NULL)';

export const readNumber = (sql: Sql, factorId: string): Promise<StoredNumber | undefined> =>
  sql.row(`SELECT ${COLUMNS} FROM sms_number WHERE factor_id = $1`, [factorId]);

/** The proven numbers of a user whose factors stand. */
export const numbersOf = (sql: Sql, userId: string): Promise<StoredNumber[]> =>
  sql.rows(`SELECT ${COLUMNS} FROM sms_number WHERE user_id = $1 AND ${STANDS}`, [userId]);

/** False if the user has the number already. */
export const addNumber = async (sql: Sql, number: StoredNumber & { numberMac: Buffer }): Promise<boolean> =>
  (await sql.affected(
    `INSERT INTO sms_number (factor_id, user_id, sealed_number, country, number_mac) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (number_mac) DO NOTHING`,
    [number.factorId, number.userId, number.sealedNumber, number.country, number.numberMac],
  )) === 1;

export const removeNumber = (sql: Sql, factorId: string): Promise<number> =>
  sql.affected('DELETE FROM sms_number WHERE factor_id = $1', [factorId]);
