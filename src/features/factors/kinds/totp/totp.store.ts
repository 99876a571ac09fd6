import type { Sql } from '../../../../platform';

export interface StoredSecret {
  readonly sealedSecret: string;
  readonly lastStep: string;
  /** By how much the app's clock was found to be ahead when it was set right; negative: behind. */
  readonly offsetSeconds: number;
  readonly now: Date;
}

export const readSecret = (sql: Sql, factorId: string): Promise<StoredSecret | undefined> =>
  sql.row<StoredSecret>(
    `SELECT sealed_secret, last_step, offset_seconds, gateway_now() AS now FROM totp_secret WHERE factor_id = $1`,
    [factorId],
  );

export const addSecret = async (
  sql: Sql,
  factorId: string,
  sealed: string,
  step: number,
  drift: number,
): Promise<boolean> =>
  (await sql.affected(
    'INSERT INTO totp_secret (factor_id, sealed_secret, last_step, drift_seconds) VALUES ($1, $2, $3, $4)',
    [factorId, sealed, step, drift],
  )) === 1;

/** A secret that came from another system, with what was used up there. */
export const addImported = async (
  sql: Sql,
  imported: Pick<StoredSecret, 'sealedSecret' | 'offsetSeconds'> & { factorId: string; lastStep: number },
): Promise<boolean> =>
  (await sql.affected(
    `INSERT INTO totp_secret (factor_id, sealed_secret, last_step, drift_seconds, offset_seconds)
     VALUES ($1, $2, $3, $4, $4)`,
    [imported.factorId, imported.sealedSecret, imported.lastStep, imported.offsetSeconds],
  )) === 1;

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

/** The same for an app that is set right: from now on its clock is taken for so much ahead. */
export const consumeResync = async (
  sql: Sql,
  factorId: string,
  step: number,
  offset: number,
): Promise<boolean> =>
  (await sql.affected(
    `UPDATE totp_secret SET last_step = $2, offset_seconds = $3, drift_seconds = $3
     WHERE factor_id = $1 AND last_step < $2`,
    [factorId, step, offset],
  )) === 1;

export const readDrift = async (sql: Sql, factorId: string): Promise<number | null> =>
  (
    await sql.row<{ driftSeconds: number }>('SELECT drift_seconds FROM totp_secret WHERE factor_id = $1', [
      factorId,
    ])
  )?.driftSeconds ?? null;
