import type { Sql } from '../../../../platform';

export interface StoredSecret {
  readonly sealedSecret: string;
  readonly lastStep: string;
  readonly userId: string;
}

export const readSecret = (sql: Sql, factorId: string): Promise<StoredSecret | undefined> =>
  sql.row<StoredSecret>('SELECT sealed_secret, last_step FROM totp_secret WHERE factor_id = $1', [factorId]);

export const addSecret = async (
  sql: Sql,
  factorId: string,
  sealed: string,
  step: number,
  drift: number,
): Promise<boolean> =>
  (await sql.affected('INSERT INTO totp_secret VALUES ($1, $2, $3, $4)', [factorId, sealed, step, drift])) ===
  1;

/** Uses a step up: false if it, or a later one, was accepted before. */
export const consumeStep = async (
  sql: Sql,
  factorId: string,
  step: number,
  drift: number,
): Promise<boolean> =>
  (await sql.affected(
    'UPDATE totp_secret SET last_step = $2, drift_seconds = $3 WHERE factor_id = $1 AND last_step < $2',
    [factorId, step, drift],
  )) === 1;

export const readDrift = async (sql: Sql, factorId: string): Promise<number | null> =>
  (
    await sql.row<{ driftSeconds: number }>('SELECT drift_seconds FROM totp_secret WHERE factor_id = $1', [
      factorId,
    ])
  )?.driftSeconds ?? null;
