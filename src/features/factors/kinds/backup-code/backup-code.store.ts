import type { Sql } from '../../../../platform';

export interface StoredSet {
  readonly salt: Buffer;
  readonly keyVersion: string;
  readonly codes: readonly { readonly position: number; readonly hash: Buffer; readonly isUsed: boolean }[];
}

export async function readSet(sql: Sql, factorId: string): Promise<StoredSet | undefined> {
  const rows = await sql.rows<{
    salt: Buffer;
    keyVersion: string;
    position: number;
    hash: Buffer;
    isUsed: boolean;
  }>(
    `SELECT salt, key_version, position, hash, used_at IS NOT NULL AS is_used
     FROM backup_code_set JOIN backup_code USING (factor_id) WHERE factor_id = $1 ORDER BY position`,
    [factorId],
  );
  const [first] = rows;
  return first && { salt: first.salt, keyVersion: first.keyVersion, codes: rows };
}

export async function addSet(
  tx: Sql,
  factorId: string,
  set: { readonly salt: Buffer; readonly keyVersion: string; readonly hashes: readonly Buffer[] },
): Promise<void> {
  await tx.affected('INSERT INTO backup_code_set (factor_id, salt, key_version) VALUES ($1, $2, $3)', [
    factorId,
    set.salt,
    set.keyVersion,
  ]);
  await tx.affected(
    `INSERT INTO backup_code (factor_id, position, hash)
     SELECT $1, position, decode(hash, 'hex') FROM unnest($2::text[]) WITH ORDINALITY AS given (hash, position)`,
    [factorId, set.hashes.map((hash) => hash.toString('hex'))],
  );
}

/** Uses a code up: false if it was used before. */
export const useCode = async (tx: Sql, factorId: string, position: number): Promise<boolean> =>
  (await tx.affected(
    'UPDATE backup_code SET used_at = gateway_now() WHERE factor_id = $1 AND position = $2 AND used_at IS NULL',
    [factorId, position],
  )) === 1;

export const countUnused = async (sql: Sql, factorId: string): Promise<number> =>
  (
    await sql.row<{ left: number }>(
      'SELECT count(*)::int AS left FROM backup_code WHERE factor_id = $1 AND used_at IS NULL',
      [factorId],
    )
  )?.left ?? 0;
