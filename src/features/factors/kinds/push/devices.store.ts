import type { Sql } from '../../../../platform';
import type { DeviceEntity } from './device.entity';

// Removing the factor is enough to silence its device.
const STANDS = `revoked_at IS NULL
  AND EXISTS (SELECT 1 FROM factor WHERE factor.id = device.factor_id AND factor.revoked_at IS NULL)`;

/** A revoked device, or one whose factor was removed, is as good as none. */
export const findDevice = (sql: Sql, id: string): Promise<DeviceEntity | undefined> =>
  sql.row<DeviceEntity>(`SELECT * FROM device WHERE id = $1 AND ${STANDS}`, [id]);

export const deviceOfFactor = (sql: Sql, factorId: string): Promise<DeviceEntity | undefined> =>
  sql.row<DeviceEntity>(`SELECT * FROM device WHERE factor_id = $1 AND ${STANDS}`, [factorId]);

export type NewDevice = Omit<DeviceEntity, 'registeredAt' | 'lastSeenAt' | 'revokedAt'>;

/** False if the key belongs to a device already. */
export const addDevice = async (sql: Sql, device: NewDevice): Promise<boolean> =>
  (await sql.affected(
    `INSERT INTO device (id, factor_id, user_id, name, platform, model, app_version, public_jwk, algorithm,
       thumbprint, push_token, registered_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, gateway_now())
     ON CONFLICT (thumbprint) DO NOTHING`,
    [
      device.id,
      device.factorId,
      device.userId,
      device.name,
      device.platform,
      device.model,
      device.appVersion,
      JSON.stringify(device.publicJwk),
      device.algorithm,
      device.thumbprint,
      device.pushToken,
    ],
  )) === 1;

/** What may change of a device; what is left out stays as it is. */
export interface DeviceChanges {
  readonly name?: string;
  readonly appVersion?: string | null;
  /** Sealed; null forgets it. */
  readonly pushToken?: string | null | undefined;
}

/** The user knows the factor by the name of its device, so that the hint follows. */
export const changeDevice = (
  sql: Sql,
  id: string,
  changes: DeviceChanges,
): Promise<DeviceEntity | undefined> =>
  sql.row<DeviceEntity>(
    `WITH changed AS (
       UPDATE device SET name = coalesce($2, name), app_version = coalesce($3, app_version),
         push_token = CASE WHEN $5 THEN $4 ELSE push_token END
       WHERE id = $1 AND ${STANDS} RETURNING *),
     hinted AS (UPDATE factor SET hint = changed.name FROM changed WHERE factor.id = changed.factor_id)
     SELECT * FROM changed`,
    [
      id,
      changes.name ?? null,
      changes.appVersion ?? null,
      changes.pushToken ?? null,
      changes.pushToken !== undefined,
    ],
  );

/** The push service knows the device no more: it is not rung in vain, and may still ask by itself. */
export const forgetPushToken = (sql: Sql, id: string): Promise<number> =>
  sql.affected('UPDATE device SET push_token = NULL WHERE id = $1', [id]);

/** Its factor was removed. */
export const revokeDevice = (sql: Sql, factorId: string): Promise<number> =>
  sql.affected(
    'UPDATE device SET revoked_at = gateway_now(), push_token = NULL WHERE factor_id = $1 AND revoked_at IS NULL',
    [factorId],
  );

/** Says that the device was here, at most once a minute. */
export const touchDevice = (sql: Sql, id: string): Promise<number> =>
  sql.affected(
    `UPDATE device SET last_seen_at = gateway_now()
     WHERE id = $1 AND (last_seen_at IS NULL OR last_seen_at < gateway_now() - interval '1 minute')`,
    [id],
  );

/** Holds the device to its word in the deciding transaction: false if it was revoked meanwhile. */
export const confirmDevice = async (sql: Sql, id: string): Promise<boolean> =>
  (await sql.affected(`UPDATE device SET last_seen_at = gateway_now() WHERE id = $1 AND ${STANDS}`, [id])) ===
  1;

/** Uses a credential up: false if it was shown before, or the device is revoked. */
export const useJti = async (sql: Sql, deviceId: string, jti: string, expiresAt: Date): Promise<boolean> =>
  (await sql.affected(
    `INSERT INTO device_jti (device_id, jti, expires_at)
     SELECT id, $2, $3 FROM device WHERE id = $1 AND ${STANDS}
     ON CONFLICT DO NOTHING`,
    [deviceId, jti, expiresAt],
  )) === 1;

/** Ten minutes late: a database clock ahead of the processes' must not let a credential in twice. */
export const sweepJtis = (sql: Sql): Promise<number> =>
  sql.affected(`DELETE FROM device_jti WHERE expires_at < gateway_now() - interval '10 minutes'`);
