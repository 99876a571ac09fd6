import type { Sql } from '../../platform';
import type { Checkpoint } from './audit-checkpoint';

const BLOCK = 1000;

type CheckpointRow = Omit<Checkpoint, 'seq' | 'eventCount'> & {
  readonly seq: string;
  readonly eventCount: string;
};

export async function newestCheckpoint(sql: Sql): Promise<Checkpoint | undefined> {
  const row = await sql.row<CheckpointRow>(
    `SELECT seq, below_xid::text AS below_xid, encode(seal_hash, 'hex') AS hash, event_count, sealed_until, key_version,
       encode(mac, 'hex') AS mac
     FROM audit_checkpoint ORDER BY seq DESC LIMIT 1`,
  );
  return row && { ...row, seq: Number(row.seq), eventCount: Number(row.eventCount) };
}

/** False if another process has made one for the same seal. */
export const addCheckpoint = async (tx: Sql, checkpoint: Checkpoint): Promise<boolean> =>
  (await tx.affected(
    `INSERT INTO audit_checkpoint (seq, below_xid, seal_hash, event_count, sealed_until, mac, key_version)
     VALUES ($1, $2::xid8, decode($3, 'hex'), $4, $5, decode($6, 'hex'), $7) ON CONFLICT (seq) DO NOTHING`,
    [
      checkpoint.seq,
      checkpoint.belowXid,
      checkpoint.hash,
      checkpoint.eventCount,
      checkpoint.sealedUntil,
      checkpoint.mac,
      checkpoint.keyVersion,
    ],
  )) === 1;

/**
 * The newest seal of those made before the instant, never the newest of all: the sealer goes on from that one. The time is cut to
 * milliseconds, as it is written down.
 */
export const lastSealBefore = (
  sql: Sql,
  instant: Date,
): Promise<{ seq: string; sealedAt: Date } | undefined> =>
  sql.row(
    `SELECT seq, date_trunc('milliseconds', sealed_at) AS sealed_at FROM audit_seal
     WHERE sealed_at < $1 AND seq < (SELECT max(seq) FROM audit_seal) ORDER BY sealed_at DESC, seq DESC LIMIT 1`,
    [instant],
  );

export const oldestSealedAt = async (sql: Sql): Promise<Date | undefined> =>
  (await sql.row<{ sealedAt: Date }>('SELECT sealed_at FROM audit_seal ORDER BY seq LIMIT 1'))?.sealedAt;

/** Removes a block of what the newest checkpoint covers; 0: nothing is left of it. */
export const pruneBlock = async (sql: Sql): Promise<number> =>
  (await sql.row<{ removed: number }>('SELECT prune_audit_log($1) AS removed', [BLOCK]))?.removed ?? 0;

/** Whether events or seals are there that the checkpoint stands for. */
export const remainsUnder = async (
  sql: Sql,
  { belowXid, seq }: Checkpoint,
): Promise<{ readonly events: boolean; readonly seals: boolean }> =>
  (await sql.row<{ events: boolean; seals: boolean }>(
    `SELECT EXISTS (SELECT FROM audit_event WHERE xid < $1::xid8) AS events,
       EXISTS (SELECT FROM audit_seal WHERE seq <= $2) AS seals`,
    [belowXid, seq],
  )) ?? { events: false, seals: false };
