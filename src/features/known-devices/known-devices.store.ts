import type { ClientContext } from '../../kernel';
import type { Sql } from '../../platform';
import type { KnownDevice } from './known-device';

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

/** What is over is the same as none. */
const REMEMBERED_UNTIL =
  'CASE WHEN remembered_until > gateway_now() THEN remembered_until END AS remembered_until';

export const findDevice = (
  sql: Sql,
  userId: string,
  tokenHash: Buffer,
): Promise<Pick<KnownDevice, 'id' | 'rememberedUntil'> | undefined> =>
  sql.row(
    `SELECT id, ${REMEMBERED_UNTIL} FROM known_device
     WHERE token_hash = $1 AND user_id = $2 AND revoked_at IS NULL`,
    [tokenHash, userId],
  );

/** The devices that are known, those used last first. */
export const listKnown = (sql: Sql, userId: string, limit: number): Promise<KnownDevice[]> =>
  sql.rows<KnownDevice>(
    `SELECT id, label, created_at, last_used_at, ${REMEMBERED_UNTIL}, context FROM known_device
     WHERE user_id = $1 AND revoked_at IS NULL ORDER BY last_used_at DESC, id DESC LIMIT $2`,
    [userId, limit],
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

/** Whatever opens sessions of the user, and so notes and remembers devices, waits for this transaction. */
export const lockOwner = async (tx: Sql, userId: string): Promise<void> => {
  await tx.rows('SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE', [userId]);
};

export interface Remembering {
  readonly id: string;
  readonly userId: string;
  readonly days: number;
  /** The factors that were proven. */
  readonly factorIds: readonly string[];
}

/**
 * Nothing unless the device is known and the user still has one of the factors. Of the others the `countMax` - 1 that are
 * remembered longest stay so.
 */
export const setRemembered = (
  tx: Sql,
  { id, userId, days, factorIds }: Remembering,
  countMax: number,
): Promise<{ id: string } | undefined> =>
  tx.row<{ id: string }>(
    `WITH remembered AS (
       UPDATE known_device SET remembered_until = gateway_now() + make_interval(hours => $3 * 24)
       WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL
         AND EXISTS (SELECT FROM factor WHERE id = ANY($4) AND user_id = $2 AND revoked_at IS NULL)
       RETURNING id
     ), dropped AS (
       UPDATE known_device SET remembered_until = NULL WHERE EXISTS (SELECT FROM remembered) AND id IN (
         SELECT id FROM known_device WHERE user_id = $2 AND id <> $1 AND remembered_until > gateway_now()
         ORDER BY remembered_until DESC, id DESC OFFSET $5 - 1)
     )
     SELECT id FROM remembered`,
    [id, userId, days, factorIds, countMax],
  );

export const isRemembered = async (tx: Sql, userId: string, id: string): Promise<boolean> =>
  (await tx.row(
    'SELECT 1 FROM known_device WHERE id = $1 AND user_id = $2 AND remembered_until > gateway_now()',
    [id, userId],
  )) !== undefined;

/** Says of how many. */
export const clearRemembered = (tx: Sql, userId: string): Promise<number> =>
  tx.affected(
    'UPDATE known_device SET remembered_until = NULL WHERE user_id = $1 AND remembered_until > gateway_now()',
    [userId],
  );

/** Of these devices of the user, or of all where `ids` is null. One that was forgotten before is no mistake; `owned` counts it. */
export const revokeDevices = (
  tx: Sql,
  userId: string,
  ids: readonly string[] | null,
): Promise<{ owned: number; forgotten: number } | undefined> =>
  tx.row<{ owned: number; forgotten: number }>(
    `WITH owned AS (
       SELECT id FROM known_device WHERE user_id = $1 AND ($2::text[] IS NULL OR id = ANY($2))
     ), forgotten AS (
       UPDATE known_device SET revoked_at = gateway_now(), remembered_until = NULL FROM owned
       WHERE known_device.id = owned.id AND revoked_at IS NULL RETURNING 1
     )
     SELECT (SELECT count(*)::int FROM owned) AS owned, (SELECT count(*)::int FROM forgotten) AS forgotten`,
    [userId, ids],
  );
