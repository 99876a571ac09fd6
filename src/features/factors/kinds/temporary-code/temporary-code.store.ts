import type { Sql } from '../../../../platform';

export interface StoredCode {
  readonly hash: Buffer;
  readonly keyVersion: string;
  readonly length: number;
  readonly isUsed: boolean;
}

export const readCode = (sql: Sql, factorId: string): Promise<StoredCode | undefined> =>
  sql.row<StoredCode>(
    'SELECT hash, key_version, length, used_at IS NOT NULL AS is_used FROM temporary_code WHERE factor_id = $1',
    [factorId],
  );

export async function addCode(
  tx: Sql,
  factorId: string,
  code: Pick<StoredCode, 'hash' | 'keyVersion' | 'length'>,
): Promise<void> {
  await tx.affected(
    'INSERT INTO temporary_code (factor_id, hash, key_version, length) VALUES ($1, $2, $3, $4)',
    [factorId, code.hash, code.keyVersion, code.length],
  );
}

/** Uses the code up: false if it was used before. */
export const useCode = async (tx: Sql, factorId: string): Promise<boolean> =>
  (await tx.affected(
    'UPDATE temporary_code SET used_at = gateway_now() WHERE factor_id = $1 AND used_at IS NULL',
    [factorId],
  )) === 1;
