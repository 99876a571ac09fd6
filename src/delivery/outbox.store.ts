import { newId, type Chance, type Clock } from '../kernel';
import type { Keyring, Place, Sql } from '../platform';
import type { Channel, Message } from './message';

const ATTEMPTS_MAX = 5;
const KEPT = '30 days';
/** Longer than a send and the statement after it may take together. */
const LEASE_SECONDS = 30;
const SWEPT_MAX = 1000;

/** A message that this process may send until its lease ends. */
export interface Claimed {
  readonly id: string;
  readonly channel: Channel;
  readonly sealed: string;
  readonly reference: string | null;
  /** This try included. Also tells this claim from later ones. */
  readonly attempts: number;
  readonly expiresAt: Date | null;
  /** Expired, or taken up too often without an end: not to be sent any more. */
  readonly isOver: boolean;
}

/** The rows of the outbox. What a message says is sealed in them, and leaves them when it is settled. */
export class OutboxStore {
  constructor(
    private readonly sql: Sql,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly chance: Chance,
  ) {}

  async add(tx: Sql, messages: readonly Message[], reference: string | undefined): Promise<void> {
    const rows = messages.map((message) => {
      const id = newId('out', this.clock, this.chance);
      const { channel, expiresAt } = message;
      const sealed = this.keyring.seal(place(id), JSON.stringify({ ...message, expiresAt: undefined }));
      return { id, channel, sealed, reference, expires_at: expiresAt };
    });
    await tx.affected(
      `INSERT INTO outbox (id, channel, sealed, reference, expires_at)
       SELECT id, channel, sealed, reference, expires_at
       FROM jsonb_populate_recordset(NULL::outbox, $1::jsonb)`,
      [JSON.stringify(rows)],
    );
  }

  /**
   * Takes up messages that are due and that no other process is at. Committed at once: sending holds no lock.
   */
  claim(channel: Channel, count: number): Promise<Claimed[]> {
    // In a sub-select the clock is read once, and the index can be used; MATERIALIZED keeps the planner from
    // asking for the locked rows more than once, and so for more than `count`.
    return this.sql.rows<Claimed>(
      `WITH due AS MATERIALIZED (
         SELECT id FROM outbox
         WHERE state = 'QUEUED' AND channel = $1 AND due_at <= (SELECT gateway_now())
           AND (claimed_until IS NULL OR claimed_until <= (SELECT gateway_now()))
         ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED
       )
       UPDATE outbox SET attempts = attempts + 1, claimed_until = gateway_now() + make_interval(secs => $3)
       FROM due WHERE outbox.id = due.id
       RETURNING outbox.id, channel, sealed, reference, attempts, expires_at,
         attempts > ${String(ATTEMPTS_MAX)} OR COALESCE(expires_at <= gateway_now(), false) AS is_over`,
      [channel, count, LEASE_SECONDS],
    );
  }

  /** Throws if the text was altered or its key is no longer in the ring. */
  open(claimed: Claimed): Message {
    const message = JSON.parse(
      this.keyring.open(place(claimed.id), claimed.sealed).toString('utf8'),
    ) as Message;
    return claimed.expiresAt ? { ...message, expiresAt: claimed.expiresAt } : message;
  }

  /** False if the lease ran out and another process has taken the message up meanwhile. */
  async settle(claimed: Claimed, state: 'SENT' | 'FAILED'): Promise<boolean> {
    const changed = await this.sql.affected(
      `UPDATE outbox SET state = $3, sealed = NULL, claimed_until = NULL
       WHERE id = $1 AND attempts = $2 AND state = 'QUEUED'`,
      [claimed.id, claimed.attempts, state],
    );
    return changed === 1;
  }

  /** Due again after the delay; false if it has been tried often enough, or would be worthless by then. */
  async postpone(claimed: Claimed, delayMs: number): Promise<boolean> {
    const changed = await this.sql.affected(
      `UPDATE outbox SET due_at = gateway_now() + make_interval(secs => $3), claimed_until = NULL
       WHERE id = $1 AND attempts = $2 AND state = 'QUEUED' AND attempts < ${String(ATTEMPTS_MAX)}
         AND (expires_at IS NULL OR expires_at > gateway_now() + make_interval(secs => $3))`,
      [claimed.id, claimed.attempts, delayMs / 1000],
    );
    return changed === 1;
  }

  /** Removes what was settled long ago, a block at a time. */
  sweep(): Promise<number> {
    return this.sql.affected(
      `DELETE FROM outbox WHERE id IN (
         SELECT id FROM outbox
         WHERE state <> 'QUEUED' AND created_at < (SELECT gateway_now() - interval '${KEPT}')
         ORDER BY created_at LIMIT ${String(SWEPT_MAX)} FOR UPDATE SKIP LOCKED)`,
    );
  }
}

const place = (id: string): Place => ({ table: 'outbox', column: 'sealed', row: id });
