import { Refusal, days, hours, type Clock } from '../../kernel';
import { repeat, type Database, type Keyring, type Log, type Repeating } from '../../platform';
import { checkpointMac, predecessorOf } from './audit-checkpoint';
import {
  addCheckpoint,
  lastSealBefore,
  newestCheckpoint,
  oldestSealedAt,
  pruneBlock,
} from './audit-checkpoint.store';
import type { AuditRecorder } from './audit-recorder.service';
import { seals } from './audit-seal.store';
import type { AuditSealer } from './audit-sealer.service';

const EVERY = hours(1);
/** The database refuses to remove anything younger, whoever asks. */
export const RETENTION_DAYS_MIN = 30;

export interface Pruned {
  /** Events that were removed now. */
  readonly events: number;
  /** When the last of them was sealed; null where there was nothing to remove. */
  readonly until: Date | null;
  /** What is wrong with the part to be removed: it was kept. */
  readonly faults: readonly string[];
}

/**
 * Removes the oldest part of the audit log, in whole sealed batches. A checkpoint, which only the key can make, takes their
 * place: what is left verifies as before. What was tampered with is not removed but told.
 */
export class AuditRetention {
  private repeating: Repeating | undefined;

  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly recorder: AuditRecorder,
    private readonly sealer: AuditSealer,
    /** Undefined: everything is kept. */
    private readonly keptDays: number | undefined,
  ) {}

  start(): void {
    this.repeating ??= repeat('audit retention', EVERY, () => this.sweep(), this.log);
  }

  async stop(): Promise<void> {
    await this.repeating?.stop();
    this.repeating = undefined;
  }

  /** Goes on with what was begun and, where a time to keep is set, prunes once a day what is older. */
  async sweep(): Promise<number> {
    const removed = await this.remove();
    if (this.keptDays === undefined) return removed;
    const before = new Date(this.clock.now().getTime() - days(this.keptDays));
    const oldest = await oldestSealedAt(this.database);
    if (!oldest || oldest.getTime() > before.getTime() - days(1)) return removed;
    const { events, faults } = await this.prune(before);
    if (faults.length > 0) this.log.error({ faults }, 'the audit log is not pruned: it was tampered with');
    return removed + events;
  }

  /** Removes all batches that were sealed before the instant; refuses the last 30 days. */
  async prune(before: Date): Promise<Pruned> {
    if (before.getTime() > this.clock.now().getTime() - days(RETENTION_DAYS_MIN))
      throw new Refusal('INVALID_INPUT', {
        message: `The last ${String(RETENTION_DAYS_MIN)} days of the audit log cannot be removed.`,
      });
    await this.remove();
    const last = await lastSealBefore(this.database, before);
    const nothing: Pruned = { events: 0, until: null, faults: [] };
    if (!last) return nothing;
    const checkpoint = await newestCheckpoint(this.database);
    const { faults, events, hash, belowXid } = await this.checked(Number(last.seq));
    if (faults.length > 0) return { ...nothing, faults };
    const made = {
      seq: Number(last.seq),
      belowXid,
      hash,
      eventCount: (checkpoint?.eventCount ?? 0) + events,
      sealedUntil: last.sealedAt,
      keyVersion: this.keyring.version,
    };
    const isMade = await this.database.transaction(async (tx) => {
      if (!(await addCheckpoint(tx, { ...made, mac: checkpointMac(this.keyring, made) }))) return false;
      const details = { events, until: last.sealedAt, seal: made.seq, hash };
      await this.recorder.record(tx, { type: 'AUDIT_PRUNED', outcome: 'SUCCESS', details });
      return true;
    });
    if (!isMade) return nothing;
    await this.remove();
    return { events, until: last.sealedAt, faults: [] };
  }

  /** The batches up to the seal, checked as `verify` does. */
  private async checked(lastSeq: number) {
    const checkpoint = await newestCheckpoint(this.database);
    let previous = predecessorOf(checkpoint);
    let events = 0;
    for await (const seal of seals(this.database, previous.seq)) {
      if (seal.seq > lastSeq) break;
      const fault = await this.sealer.faultOf(seal, previous);
      if (fault) return { faults: [fault], events, ...previous };
      events += seal.eventCount;
      previous = seal;
    }
    return { faults: [], events, hash: previous.hash, belowXid: previous.belowXid };
  }

  /** A block at a time, so that no statement runs long; a process that dies leaves the rest to the next one. */
  private async remove(): Promise<number> {
    let removed = 0;
    for (let block = 1; block > 0; removed += block) block = await pruneBlock(this.database);
    return removed;
  }
}
