import type { Log } from '../telemetry';
import type { Bus } from './bus';

/** What a stream needs to know of the thing it follows. */
export interface Snapshot<T> {
  readonly state: T;
  /** Differs whenever the state differs. */
  readonly version: string;
  /** After a final state the stream completes. */
  readonly isFinal: boolean;
}

/** Asks for the present versions of many things in one statement; what is unknown is left out. */
export type Look = (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;

const ACKNOWLEDGE_MS = 250;
const LOOK_MS = 3000;
const LOOK_BLOCK = 1000;

interface Waiter {
  readonly id: string;
  version: string | undefined;
  wake(): void;
}

/**
 * Follows things of one sort (flows, enrollments, devices): the state first, then every change, then the end.
 *
 * The order closes the gap in which a change would be lost: subscribe, wait for the acknowledgement (250 ms at most),
 * read and send the state, then follow; read again when a late acknowledgement comes. Besides the bell, one
 * statement each three seconds asks for the versions of all that is watched here.
 */
export class Watcher {
  private readonly waiters = new Map<string, Set<Waiter>>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly topic: string,
    private readonly bus: Bus,
    private readonly look: Look,
    private readonly log: Log,
  ) {}

  /** The number of things followed in this process. */
  get count(): number {
    return this.waiters.size;
  }

  /** How many streams of this process follow the thing. */
  countOf(id: string): number {
    return this.waiters.get(id)?.size ?? 0;
  }

  /** Tells every process that the thing changed. Call it after the commit. */
  ring(id: string): void {
    void this.bus.publish(this.channel(id), '');
  }

  /**
   * `read` gives nothing if the thing is gone; the stream then completes. The iterator can be stopped while it waits,
   * which a bare async generator cannot: its `return()` would queue behind a wait that nobody ends.
   */
  follow<T>(id: string, read: () => Promise<Snapshot<T> | undefined>): AsyncIterableIterator<T> {
    const signal = new Signal();
    const changes = this.changes(id, read, signal);
    return {
      next: () => changes.next(),
      return: () => {
        signal.stop();
        return changes.return(undefined);
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  }

  private async *changes<T>(
    id: string,
    read: () => Promise<Snapshot<T> | undefined>,
    signal: Signal,
  ): AsyncGenerator<T, undefined, undefined> {
    const wake = (): void => signal.set();
    const waiter: Waiter = { id, version: undefined, wake };
    const subscription = this.bus.subscribe(this.channel(id), wake);
    this.add(waiter);
    try {
      await Promise.race([subscription.acknowledged.catch(() => undefined), pause(ACKNOWLEDGE_MS)]);
      void subscription.acknowledged.then(wake, () => undefined);
      while (!signal.isStopped) {
        signal.clear();
        const snapshot = await read();
        if (!snapshot) return undefined;
        if (snapshot.version !== waiter.version) {
          waiter.version = snapshot.version;
          yield snapshot.state;
        }
        if (snapshot.isFinal) return undefined;
        await signal.wait();
      }
      return undefined;
    } finally {
      this.remove(waiter);
      subscription.cancel();
    }
  }

  /** Looks now, once. The timer calls it every three seconds. */
  async lookNow(): Promise<void> {
    const ids = [...this.waiters.keys()];
    for (let start = 0; start < ids.length; start += LOOK_BLOCK) {
      const block = ids.slice(start, start + LOOK_BLOCK);
      const versions = await this.look(block);
      for (const id of block) {
        for (const waiter of this.waiters.get(id) ?? [])
          if (versions.get(id) !== waiter.version) waiter.wake();
      }
    }
  }

  close(): void {
    this.rest();
  }

  private channel(id: string): string {
    return `${this.topic}:${id}`;
  }

  private add(waiter: Waiter): void {
    const others = this.waiters.get(waiter.id);
    if (others) others.add(waiter);
    else this.waiters.set(waiter.id, new Set([waiter]));
    this.timer ??= setInterval(() => {
      this.lookNow().catch((error: unknown) => this.log.warn({ error: String(error) }, 'the look failed'));
    }, LOOK_MS).unref();
  }

  private remove(waiter: Waiter): void {
    const others = this.waiters.get(waiter.id);
    others?.delete(waiter);
    if (others?.size === 0) this.waiters.delete(waiter.id);
    if (this.waiters.size === 0) this.rest();
  }

  private rest(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }
}

/** Remembers one wake-up, however often it is set before somebody waits. */
class Signal {
  isStopped = false;
  private isSet = false;
  private release: (() => void) | undefined;

  set(): void {
    this.isSet = true;
    this.release?.();
  }

  clear(): void {
    this.isSet = this.isStopped;
  }

  stop(): void {
    this.isStopped = true;
    this.set();
  }

  async wait(): Promise<void> {
    if (!this.isSet) await new Promise<void>((resolve) => (this.release = resolve));
    this.release = undefined;
  }
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
