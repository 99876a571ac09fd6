import type { Sql } from '../../../../platform';

export interface StoredAddress {
  readonly factorId: string;
  readonly userId: string;
  readonly sealedAddress: string;
}

const COLUMNS = 'factor_id, user_id, sealed_address';
const STANDS = 'EXISTS (SELECT 1 FROM factor WHERE factor.id = factor_id AND factor.revoked_at IS NULL)';

export const readAddress = (sql: Sql, factorId: string): Promise<StoredAddress | undefined> =>
  sql.row(`SELECT ${COLUMNS} FROM email_address WHERE factor_id = $1`, [factorId]);

/** The proven addresses of a user whose factors stand. */
export const addressesOf = (sql: Sql, userId: string): Promise<StoredAddress[]> =>
  sql.rows(`SELECT ${COLUMNS} FROM email_address WHERE user_id = $1 AND ${STANDS}`, [userId]);

/** False if the user has the address already. */
export const addAddress = async (
  sql: Sql,
  address: StoredAddress & { addressMac: Buffer },
): Promise<boolean> =>
  (await sql.affected(
    `INSERT INTO email_address (factor_id, user_id, sealed_address, address_mac) VALUES ($1, $2, $3, $4)
     ON CONFLICT (address_mac) DO NOTHING`,
    [address.factorId, address.userId, address.sealedAddress, address.addressMac],
  )) === 1;

export const removeAddress = (sql: Sql, factorId: string): Promise<number> =>
  sql.affected('DELETE FROM email_address WHERE factor_id = $1', [factorId]);
