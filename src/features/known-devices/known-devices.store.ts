import type { ClientContext } from '../../kernel';
import type { Sql } from '../../platform';

/** What the token of a device is derived from. */
export interface DeviceSeed {
  readonly id: string;
  readonly seed: Uint8Array;
  readonly keyVersion: string;
}

export interface Sighting {
  readonly userId: string;
  readonly label: string;
  readonly context: ClientContext;
}

export const findDevice = (
  sql: Sql,
  userId: string,
  tokenHash: Buffer,
): Promise<{ id: string } | undefined> =>
  sql.row<{ id: string }>(
    'SELECT id FROM known_device WHERE token_hash = $1 AND user_id = $2 AND revoked_at IS NULL',
    [tokenHash, userId],
  );

export const findSeed = (sql: Sql, id: string): Promise<DeviceSeed | undefined> =>
  sql.row<DeviceSeed>('SELECT id, seed, key_version FROM known_device WHERE id = $1 AND revoked_at IS NULL', [
    id,
  ]);

/** Nothing if the device is not this user's or was forgotten meanwhile. */
export const touchDevice = (sql: Sql, id: string, seen: Sighting): Promise<DeviceSeed | undefined> =>
  sql.row<DeviceSeed>(
    `UPDATE known_device SET last_used_at = gateway_now(), label = $3, context = $4
     WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL RETURNING id, seed, key_version`,
    [id, seen.userId, seen.label, JSON.stringify(seen.context)],
  );

/** Leaves the user's latest `countMax`, the new one among them; those that were revoked go first. */
export const insertDevice = (
  sql: Sql,
  device: DeviceSeed & Sighting & { tokenHash: Buffer },
  countMax: number,
): Promise<number> =>
  sql.affected(
    `WITH dropped AS (
       DELETE FROM known_device WHERE id IN (
         SELECT id FROM known_device WHERE user_id = $2
         ORDER BY revoked_at IS NULL DESC, last_used_at DESC, id DESC OFFSET $8 - 1))
     INSERT INTO known_device
       (id, user_id, token_hash, seed, key_version, label, created_at, last_used_at, context)
     SELECT $1, $2, $3, $4, $5, $6, at.now, at.now, $7 FROM (SELECT gateway_now() AS now) AS at`,
    [
      device.id,
      device.userId,
      device.tokenHash,
      device.seed,
      device.keyVersion,
      device.label,
      JSON.stringify(device.context),
      countMax,
    ],
  );
