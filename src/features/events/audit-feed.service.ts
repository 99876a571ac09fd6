import { RequestFault, seconds } from '../../kernel';
import {
  pause,
  repeat,
  type Bus,
  type BusSubscription,
  type Database,
  type Log,
  type Repeating,
  type Sql,
  type UnitOfWork,
} from '../../platform';
import type { AuditLine } from './audit-event.store';
import { currentSnapshot, linesBetween, type FedLine } from './audit-feed.store';
import { LineStream } from './line-stream';

const CHANNEL = 'security-events';
const LOOK_EVERY = seconds(3);
const ACKNOWLEDGE_MS = 250;
/** Bells of one process that come together are one. */
const BELL_MS = 20;
const PAGE = 100;
const BEFORE_ALL = { xid: '0', id: '' };

export interface Listener {
  /** Who listens: how many streams one has is counted by it. */
  readonly listenerId: string;
  /** Whose events; null: everybody's. */
  readonly userId: string | null;
  /** Asked before events are handed over: whether the listener may still hear them. */
  mayHear(): Promise<boolean>;
}

interface Open {
  readonly listener: Listener;
  readonly stream: LineStream<AuditLine>;
  isReady: boolean;
}

/** How far this process has read the log. */
interface Position {
  readonly since: string;
  /** A span that is read in pages, and the last line handed over. */
  readonly span?: { readonly until: string; readonly after: Pick<FedLine, 'xid' | 'id'> };
}

/**
 * New lines of the audit log, as they are committed, for streams of this process. A bell says that there are some; besides,
 * the log is looked at every three seconds. One reading serves all streams; without streams nothing is read.
 */
export class AuditFeed {
  private readonly open = new Set<Open>();
  private reading: Repeating | undefined;
  private subscription: BusSubscription | undefined;
  private position: Position | undefined;
  private bell: NodeJS.Timeout | undefined;

  constructor(
    private readonly database: Database,
    private readonly bus: Bus,
    private readonly log: Log,
  ) {}

  /** Lines were written: tells every process after the commit. */
  announce(sql: Sql): void {
    if ('afterCommit' in sql) (sql as UnitOfWork).afterCommit(() => this.ring());
    else this.ring();
  }

  /** How many streams are being told. */
  get count(): number {
    return [...this.open].filter(({ isReady }) => isReady).length;
  }

  countOf(listenerId: string): number {
    return [...this.open].filter(({ listener }) => listener.listenerId === listenerId).length;
  }

  /** What is committed from now on. Ends in FORBIDDEN once the listener may no longer hear it. */
  async follow(listener: Listener): Promise<AsyncIterableIterator<AuditLine>> {
    const one: Open = { listener, stream: new LineStream(() => this.leave(one)), isReady: false };
    this.open.add(one);
    await this.begin();
    await this.reading?.now();
    if (!this.position) {
      this.leave(one);
      throw new RequestFault('SERVICE_UNAVAILABLE');
    }
    one.isReady = true;
    return one.stream;
  }

  /** Reads now; settles when what was committed before is handed over. */
  async lookNow(): Promise<void> {
    await this.reading?.now();
  }

  close(): void {
    clearTimeout(this.bell);
    for (const { stream } of [...this.open]) void stream.return();
  }

  private ring(): void {
    this.bell ??= setTimeout(() => {
      this.bell = undefined;
      void this.bus.publish(CHANNEL, '');
    }, BELL_MS).unref();
  }

  private async begin(): Promise<void> {
    if (this.reading) return;
    const reading = repeat('security events', LOOK_EVERY, () => this.read(reading), this.log);
    this.reading = reading;
    const subscription = this.bus.subscribe(CHANNEL, () => void reading.now());
    this.subscription = subscription;
    await Promise.race([subscription.acknowledged.catch(() => undefined), pause(ACKNOWLEDGE_MS)]);
  }

  private leave(one: Open): void {
    this.open.delete(one);
    if (this.open.size > 0) return;
    void this.reading?.stop();
    this.subscription?.cancel();
    this.reading = this.subscription = this.position = undefined;
  }

  /** The position moves only after a page was handed over: a reading that fails is taken up where it stopped. */
  private async read(reading: Repeating): Promise<void> {
    let span = this.position?.span;
    if (!span) {
      const until = await currentSnapshot(this.database);
      if (this.reading !== reading) return;
      if (!this.position) return void (this.position = { since: until });
      span = { until, after: BEFORE_ALL };
    }
    const { since } = this.position as Position;
    for (;;) {
      const page = await linesBetween(this.database, since, span.until, this.users(), span.after, PAGE);
      const handOver = await this.prepared(page);
      if (this.reading !== reading) return;
      handOver();
      const last = page.at(-1);
      if (!last || page.length < PAGE) break;
      span = { until: span.until, after: last };
      this.position = { since, span };
    }
    this.position = { since: span.until };
  }

  private users(): readonly string[] | null {
    const wanted = [...this.open].map(({ listener }) => listener.userId);
    return wanted.includes(null) ? null : [...new Set(wanted as string[])];
  }

  /** Everybody is asked for first; then each stream gets its lines, all at once. */
  private async prepared(page: readonly AuditLine[]): Promise<() => void> {
    const shares = [...this.open]
      .filter(({ isReady }) => isReady)
      .map(({ listener, stream }) => ({
        listener,
        stream,
        lines: page.filter(({ userId }) => listener.userId === null || listener.userId === userId),
      }))
      .filter(({ lines }) => lines.length > 0);
    const mayHear = await Promise.all(shares.map(({ listener }) => listener.mayHear()));
    return () =>
      shares.forEach(({ stream, lines }, index) => {
        if (mayHear[index]) stream.push(lines);
        else stream.fail(new RequestFault('FORBIDDEN'));
      });
  }
}
