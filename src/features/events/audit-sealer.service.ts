import { seconds } from '../../kernel';
import {
  repeat,
  type Database,
  type Keyring,
  type Log,
  type Repeating,
  type UnitOfWork,
} from '../../platform';
import { faultOfCheckpoint, predecessorOf, type Checkpoint } from './audit-checkpoint';
import { newestCheckpoint, remainsUnder } from './audit-checkpoint.store';
import { sealHash, type Predecessor, type Seal } from './audit-seal';
import {
  addSeal,
  batchOf,
  countFrom,
  newestSeal,
  oldestOpenXid,
  seals,
  takeSealLock,
} from './audit-seal.store';

const EVERY = seconds(1);
const FAULTS_MAX = 100;

/** A seal as it may be written down outside of the database, to be compared later. */
export type SealMark = Pick<Seal, 'seq' | 'hash'>;

export interface AuditVerification {
  /** Events that stand under a seal. */
  readonly events: number;
  /** Events that are waiting for one. */
  readonly unsealed: number;
  /** What was removed by retention, from the beginning on; null: nothing. */
  readonly pruned: { readonly events: number; readonly until: Date } | null;
  /** What is wrong, the oldest first, at most 100; empty: nothing was edited, removed or slipped in. */
  readonly faults: readonly string[];
  readonly newest: SealMark | null;
}

/**
 * Signs the audit log in batches. Each seal is an HMAC over the previous one and the events of all
 * transactions that have ended since; the key is in the keyring, so who has the database alone cannot seal
 * anew what was changed.
 */
export class AuditSealer {
  private known: SealMark | undefined;
  private repeating: Repeating | undefined;

  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly log: Log,
  ) {}

  /** Seals each second. Any number of processes may do so: one of them at a time gets to work. */
  start(): void {
    this.repeating ??= repeat('audit sealer', EVERY, () => this.sealOnce(), this.log);
  }

  async stop(): Promise<void> {
    await this.repeating?.stop();
    this.repeating = undefined;
  }

  /** Seals what no open transaction can add to any more; says how many events that were. */
  sealOnce(): Promise<number> {
    return this.database.transaction((tx) => this.seal(tx));
  }

  /** The same within the caller's transaction, which keeps other sealers away until it ends. */
  async seal(tx: UnitOfWork): Promise<number> {
    if (!(await takeSealLock(tx))) return 0;
    const previous: Predecessor = (await newestSeal(tx)) ?? predecessorOf(await newestCheckpoint(tx));
    const belowXid = await oldestOpenXid(tx);
    mustNotRunBackwards(previous, belowXid);
    const batch = await batchOf(tx, previous.belowXid, belowXid);
    if (batch.eventCount === 0) return 0;
    const seq = this.nextSeq(previous);
    const keyVersion = this.keyring.version;
    const hash = sealHash(this.keyring, keyVersion, previous.hash, { seq, belowXid }, batch);
    await addSeal(tx, { ...batch, seq, belowXid, hash, keyVersion });
    tx.afterCommit(() => (this.known = { seq, hash }));
    return batch.eventCount;
  }

  /**
   * Reads everything again, in blocks, and compares. The newest seals can be taken away together with their
   * events without leaving a gap: so they are also compared with `mark`, by default the last seal made by
   * this process.
   */
  async verify(mark: SealMark | undefined = this.known): Promise<AuditVerification> {
    const faults: string[] = [];
    let events = 0;
    const checkpoint = await newestCheckpoint(this.database);
    if (checkpoint) faults.push(...(await this.faultsOfPruning(checkpoint)));
    let previous = predecessorOf(checkpoint);
    for await (const seal of seals(this.database, previous.seq)) {
      const fault = (await this.faultOf(seal, previous)) ?? faultOfMark(seal, mark);
      if (fault && faults.length < FAULTS_MAX) faults.push(fault);
      events += seal.eventCount;
      previous = seal;
    }
    if (mark && previous.seq < mark.seq) faults.push(`seal ${String(mark.seq)}, once the newest, is missing`);
    const unsealed = await countFrom(this.database, previous.belowXid);
    const newest = previous.seq > 0 ? { seq: previous.seq, hash: previous.hash } : null;
    const pruned = checkpoint ? { events: checkpoint.eventCount, until: checkpoint.sealedUntil } : null;
    return { events, unsealed, pruned, faults, newest };
  }

  /** What is wrong with a seal and the batch that it stands for, if anything is. */
  async faultOf(seal: Seal, previous: Predecessor): Promise<string | undefined> {
    const name = `seal ${String(seal.seq)}`;
    if (seal.seq !== previous.seq + 1) return `${name}: the seal before it is missing`;
    if (!this.keyring.has(seal.keyVersion))
      return `${name}: its key ${seal.keyVersion} is not in the keyring`;
    const batch = await batchOf(this.database, previous.belowXid, seal.belowXid);
    if (batch.eventCount !== seal.eventCount) {
      return `${name}: ${String(seal.eventCount)} events were sealed, ${String(batch.eventCount)} are there`;
    }
    const hash = sealHash(this.keyring, seal.keyVersion, previous.hash, seal, batch);
    return hash === seal.hash ? undefined : `${name}: one of its events, or the seal, was changed`;
  }

  /** Seals go after the events: where none is left, no event under the checkpoint is one that was to be removed. */
  private async faultsOfPruning(checkpoint: Checkpoint): Promise<string[]> {
    const fault = faultOfCheckpoint(this.keyring, checkpoint);
    const remains = await remainsUnder(this.database, checkpoint);
    const isSlippedIn = remains.events && !remains.seals;
    return [
      ...(fault ? [fault] : []),
      ...(isSlippedIn ? [`checkpoint ${String(checkpoint.seq)}: events were slipped in before it`] : []),
    ];
  }

  /** Seals that were lost leave a gap for good: this process goes on counting from the last that it made. */
  private nextSeq(previous: Predecessor): number {
    const known = this.known;
    if (known && (previous.seq < known.seq || (previous.seq === known.seq && previous.hash !== known.hash))) {
      this.log.error(
        { seal: known, found: previous.seq },
        'the last audit seal of this process is no longer there',
      );
    }
    return Math.max(previous.seq, known?.seq ?? 0) + 1;
  }
}

const faultOfMark = (seal: Seal, mark: SealMark | undefined): string | undefined =>
  mark?.seq === seal.seq && mark.hash !== seal.hash
    ? `seal ${String(seal.seq)} is not the one that was made at that time`
    : undefined;

/**
 * A dump restored into another server keeps the numbers of its events, but not the counter they came from.
 */
function mustNotRunBackwards(previous: Predecessor, belowXid: string): void {
  if (BigInt(belowXid) >= BigInt(previous.belowXid)) return;
  throw new Error(
    `the transaction counter (${belowXid}) is behind the newest audit seal (${previous.belowXid}): ` +
      'new events cannot be sealed until pg_resetwal has moved it forward',
  );
}
