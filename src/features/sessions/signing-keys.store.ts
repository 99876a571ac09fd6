import type { Sql } from '../../platform';
import type { PublicJwk, SigningKeyEntity } from './signing-key.entity';

/** Any number that no other program uses for its advisory lock on the same database. */
const SIGNING_KEY_LOCK = 4_711_020_262;

/**
 * How long a key is published after its successor began to sign: the longest life of an access token (600 s),
 * the skew allowed to verifiers (30 s), and a minute for processes whose clock is late.
 */
const RETIRE_SECONDS = 690;

export type PublishedKey = Pick<SigningKeyEntity, 'kid' | 'publicJwk' | 'sealedPrivate' | 'activeFrom'>;

/** One process at a time changes the keys; held until the transaction ends. */
export const lockSigningKeys = (tx: Sql): Promise<unknown> =>
  tx.rows(`SELECT pg_advisory_xact_lock(${String(SIGNING_KEY_LOCK)})`);

export const publishedKeys = (sql: Sql): Promise<PublishedKey[]> =>
  sql.rows<PublishedKey>(
    `SELECT kid, public_jwk, sealed_private, active_from FROM signing_key
     WHERE revoked_at IS NULL AND (retire_at IS NULL OR retire_at > gateway_now())`,
  );

export const insertKey = (
  tx: Sql,
  key: { kid: string; publicJwk: PublicJwk; sealedPrivate: string; delaySeconds: number },
): Promise<number> =>
  tx.affected(
    `INSERT INTO signing_key (kid, algorithm, public_jwk, sealed_private, created_at, active_from)
     SELECT $1, 'ES256', $2, $3, at.now, at.now + make_interval(secs => $4)
       FROM (SELECT gateway_now() AS now) AS at`,
    [key.kid, JSON.stringify(key.publicJwk), key.sealedPrivate, key.delaySeconds],
  );

/** The keys before `kid` go when the last token that they signed is over. */
export const retireOthers = (tx: Sql, kid: string): Promise<number> =>
  tx.affected(
    `UPDATE signing_key AS old SET retire_at = successor.active_from + make_interval(secs => $2)
     FROM signing_key AS successor WHERE successor.kid = $1 AND old.kid <> $1 AND old.retire_at IS NULL`,
    [kid, RETIRE_SECONDS],
  );

export const dropRetired = (tx: Sql): Promise<number> =>
  tx.affected('DELETE FROM signing_key WHERE retire_at <= gateway_now()');

export const revokeKey = (tx: Sql, kid: string): Promise<number> =>
  tx.affected('UPDATE signing_key SET revoked_at = gateway_now() WHERE kid = $1 AND revoked_at IS NULL', [
    kid,
  ]);

/** Whether there is a key that signs, or will. */
export const hasNewest = async (tx: Sql): Promise<boolean> =>
  (await tx.row('SELECT 1 FROM signing_key WHERE revoked_at IS NULL AND retire_at IS NULL')) !== undefined;
