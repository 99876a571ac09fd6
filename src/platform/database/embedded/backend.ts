import type { PGlite } from '@electric-sql/pglite';
import { leavesIdle } from './protocol';

/** The part of PGlite that is used: PostgreSQL in this process. */
export type PgliteSession = Pick<PGlite, 'execProtocolRawStream' | 'exec' | 'dumpDataDir' | 'close'>;

/** A connection as the backend knows it: it may hold the backend, and may be cut off. */
export interface Holder {
  destroy(reason: Error): unknown;
}

/** The backend did not take the request. `code` is the SQLSTATE that a server would give. */
export class BackendRefusal extends Error {
  override readonly name = 'BackendRefusal';
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export interface BackendLimits {
  /** How long a request waits while one other connection holds the backend. */
  readonly waitMilliseconds: number;
  /** How long an open transaction may stand still, like `idle_in_transaction_session_timeout` of a server. */
  readonly idleMilliseconds: number;
}

interface Waiting {
  readonly by: Holder;
  admit(): void;
  refuse(reason: BackendRefusal): void;
}

/**
 * The single session of PGlite, lent to one connection at a time: for one request, or from BEGIN until PostgreSQL
 * says that no transaction is open. So transactions never mix: they run one after the other.
 */
export class Backend {
  private holder: Holder | undefined;
  private idleTimer: NodeJS.Timeout | undefined;
  private lentAt = 0;
  private isClosed = false;
  private readonly queue: Waiting[] = [];

  constructor(
    private readonly db: PgliteSession,
    private readonly limits: BackendLimits,
  ) {}

  /** Runs whole requests of one connection and gives PostgreSQL's reply, errors included. */
  async run(by: Holder, request: Buffer): Promise<Buffer> {
    await this.acquire(by);
    const reply: Buffer[] = [];
    try {
      // The bytes lie in PGlite's own memory, which the next statement overwrites: they are copied.
      await this.db.execProtocolRawStream(request, { onRawData: (bytes) => reply.push(Buffer.from(bytes)) });
    } catch (error) {
      this.giveBack(by);
      throw error;
    }
    const answer = Buffer.concat(reply);
    if (leavesIdle(answer)) this.giveBack(by);
    else this.watch(by);
    return answer;
  }

  /** The connection is gone: its open transaction is rolled back, its place in the queue is given up. */
  async leave(by: Holder): Promise<void> {
    this.queue
      .find((waiting) => waiting.by === by)
      ?.refuse(new BackendRefusal('57P01', 'the connection was ended'));
    if (this.holder !== by) return;
    if (!this.isClosed) await this.db.exec('ROLLBACK');
    this.giveBack(by);
  }

  /** Runs the work while no transaction is open. */
  async alone<T>(work: (db: PgliteSession) => Promise<T>): Promise<T> {
    const self: Holder = { destroy: () => undefined };
    await this.acquire(self);
    try {
      return await work(this.db);
    } finally {
      this.giveBack(self);
    }
  }

  /** Waits for the others as long as a request would, then closes the files. Later requests are refused. */
  async close(): Promise<void> {
    if (this.isClosed) return;
    await this.alone(() => Promise.resolve()).catch(() => undefined);
    this.isClosed = true;
    clearTimeout(this.idleTimer);
    for (const waiting of [...this.queue]) waiting.refuse(CLOSED);
    await this.db.close();
  }

  private async acquire(by: Holder): Promise<void> {
    if (this.isClosed) throw CLOSED;
    if (this.holder === undefined) this.lendTo(by);
    if (this.holder !== by) await this.wait(by);
    clearTimeout(this.idleTimer);
  }

  private wait(by: Holder): Promise<void> {
    return new Promise((admitted, refused) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.queue.splice(this.queue.indexOf(waiting), 1);
      };
      const waiting: Waiting = {
        by,
        admit: () => (settle(), admitted()),
        refuse: (reason) => (settle(), refused(reason)),
      };
      const since = performance.now();
      const look = (): void => {
        // A long queue that moves is no reason to fail; one that stands still is.
        const left = Math.max(since, this.lentAt) + this.limits.waitMilliseconds - performance.now();
        if (left > 0) timer = setTimeout(look, left);
        else waiting.refuse(BUSY);
      };
      let timer = setTimeout(look, this.limits.waitMilliseconds);
      this.queue.push(waiting);
    });
  }

  private lendTo(by: Holder | undefined): void {
    this.holder = by;
    this.lentAt = performance.now();
  }

  private giveBack(by: Holder): void {
    if (this.holder !== by) return;
    clearTimeout(this.idleTimer);
    const next = this.queue[0];
    this.lendTo(next?.by);
    next?.admit();
  }

  /** Without this, one forgotten transaction would keep the only backend for ever. */
  private watch(by: Holder): void {
    const reason = new Error('a transaction stood still for too long and was rolled back');
    this.idleTimer = setTimeout(() => by.destroy(reason), this.limits.idleMilliseconds).unref();
  }
}

const BUSY = new BackendRefusal(
  '53300',
  'embedded database busy: another transaction holds it (a query outside of the open transaction?)',
);
const CLOSED = new BackendRefusal('57P03', 'the embedded database is closed');
