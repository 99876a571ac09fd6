import { createHash } from 'node:crypto';
import type { Sql, UnitOfWork } from '../../platform';
import { canonicalLine, type Batch, type Seal } from './audit-seal';

/** Any number that no other program uses for its advisory lock on the same database. */
const SEAL_LOCK = 4_711_020_262;
const BLOCK = 1000;

/**
 * Every column of an event, as text that depends on no session setting (time zone, date style). Names and
 * order are part of what is sealed: a new column goes to the end.
 */
const EVENT_TEXTS = `id, type, outcome,
  to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS occurred_at, xid::text AS xid,
  actor_id, user_id, factor_kind, factor_id, flow_id, session_id, request_id,
  context::text AS context, reason, note, details::text AS details`;

const SEAL_COLUMNS = `seq, below_xid::text AS below_xid, event_count, first_event_id, last_event_id,
  encode(hash, 'hex') AS hash, key_version`;

type EventTexts = Readonly<Record<string, string | null>> & { readonly id: string; readonly xid: string };
type SealRow = Omit<Seal, 'seq'> & { readonly seq: string };

/** True for one transaction at a time, until it ends. */
export async function takeSealLock(tx: UnitOfWork): Promise<boolean> {
  const lock = await tx.row<{ isHeld: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS is_held', [
    SEAL_LOCK,
  ]);
  return lock?.isHeld === true;
}

/**
 * The oldest transaction that may still write. All below it have ended: what they wrote can be seen, and
 * nothing can be added to it. It is the oldest of the whole server, so an idle transaction anywhere holds the
 * sealing up.
 */
export async function oldestOpenXid(sql: Sql): Promise<string> {
  const oldest = await sql.row<{ xid: string }>(
    'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid',
  );
  return oldest?.xid ?? '0';
}

export async function newestSeal(sql: Sql): Promise<Seal | undefined> {
  const row = await sql.row<SealRow>(`SELECT ${SEAL_COLUMNS} FROM audit_seal ORDER BY seq DESC LIMIT 1`);
  return row && fromRow(row);
}

/** Every seal after the given one in order, read in blocks. */
export async function* seals(sql: Sql, afterSeq = 0): AsyncGenerator<Seal> {
  let after = String(afterSeq);
  for (;;) {
    const block = await sql.rows<SealRow>(
      `SELECT ${SEAL_COLUMNS} FROM audit_seal WHERE seq > $1 ORDER BY seq LIMIT ${String(BLOCK)}`,
      [after],
    );
    yield* block.map(fromRow);
    const last = block.at(-1);
    if (!last || block.length < BLOCK) return;
    after = last.seq;
  }
}

/**
 * Sums up the events of the transactions `from <= xid < below`; reads in blocks, so a batch may have any
 * size.
 */
export async function batchOf(sql: Sql, from: string, below: string): Promise<Batch> {
  const digest = createHash('sha256');
  let eventCount = 0;
  let firstEventId = '';
  let last = { xid: from, id: '' };
  for (;;) {
    const block = await sql.rows<EventTexts>(
      `SELECT ${EVENT_TEXTS} FROM audit_event
       WHERE (audit_event.xid, id) > ($1::xid8, $2) AND audit_event.xid < $3::xid8
       ORDER BY audit_event.xid, id LIMIT ${String(BLOCK)}`,
      [last.xid, last.id, below],
    );
    for (const event of block) digest.update(canonicalLine(event));
    eventCount += block.length;
    firstEventId ||= block[0]?.id ?? '';
    last = block.at(-1) ?? last;
    if (block.length < BLOCK) break;
  }
  return { eventCount, firstEventId, lastEventId: last.id, digest: digest.digest('hex') };
}

export async function countFrom(sql: Sql, xid: string): Promise<number> {
  const counted = await sql.row<{ count: number }>(
    'SELECT count(*)::integer AS count FROM audit_event WHERE xid >= $1::xid8',
    [xid],
  );
  return counted?.count ?? 0;
}

export async function addSeal(tx: UnitOfWork, seal: Seal): Promise<void> {
  await tx.affected(
    `INSERT INTO audit_seal (seq, below_xid, event_count, first_event_id, last_event_id, hash, key_version)
     VALUES ($1, $2::xid8, $3, $4, $5, decode($6, 'hex'), $7)`,
    [
      seal.seq,
      seal.belowXid,
      seal.eventCount,
      seal.firstEventId,
      seal.lastEventId,
      seal.hash,
      seal.keyVersion,
    ],
  );
}

const fromRow = (row: SealRow): Seal => ({ ...row, seq: Number(row.seq) });
