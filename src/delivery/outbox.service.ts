import { hours, seconds, type Chance } from '../kernel';
import { pause, repeat, type Log, type Repeating, type Sql, type UnitOfWork } from '../platform';
import type { Attempt, Dispatcher } from './dispatcher';
import { CHANNELS, type Channel, type Message } from './message';
import type { Claimed, OutboxStore } from './outbox.store';
import type { DeliveryPort } from './provider';

const EVERY = seconds(2);
const SWEEP_EVERY = hours(1);
/** How many messages of a channel one process has under way at a time. */
const AT_ONCE = 20;
const FIRST_RETRY = seconds(2);
const RETRY_GROWTH = 3;
const MARK_TRIES = 5;
const MARK_PAUSE = 200;

interface Tried {
  readonly attempt: Attempt;
  readonly to?: string;
}

const OVER: Tried = { attempt: 'UNDELIVERABLE' };

/**
 * Messages that leave after the commit of the transaction that decides them, at least once. A message is sent
 * by one process at a time; only a crash or a lost connection between sending and marking makes a second copy
 * of it, with the same id and text. A provider that hangs holds up its own channel only, and no transaction.
 */
export class Outbox {
  private workers: ReadonlyMap<Channel, Repeating> = new Map();
  private sweeper: Repeating | undefined;
  private isStopping = false;

  constructor(
    private readonly store: OutboxStore,
    private readonly dispatcher: Dispatcher,
    private readonly port: DeliveryPort,
    private readonly chance: Chance,
    private readonly log: Log,
  ) {}

  /** Queues the messages in the transaction. `reference` is what the port will hear about them by. */
  async add(sql: Sql, messages: readonly Message[], reference?: string): Promise<void> {
    if (messages.length === 0) return;
    await this.store.add(sql, messages, reference);
    const channels = new Set(messages.map((message) => message.channel));
    const kick = (): void => channels.forEach((channel) => void this.workers.get(channel)?.now());
    if ('afterCommit' in sql) (sql as UnitOfWork).afterCommit(kick);
    else kick();
  }

  /** Each channel is worked by itself, every two seconds and when this process has added to it. */
  start(): void {
    if (this.sweeper) return;
    const worker = (channel: Channel) =>
      repeat(`outbox ${channel}`, EVERY, () => this.deliver(channel), this.log);
    this.workers = new Map(CHANNELS.map((channel) => [channel, worker(channel)]));
    this.sweeper = repeat('outbox sweep', SWEEP_EVERY, () => this.store.sweep(), this.log);
  }

  /**
   * Settles when what is under way has been sent and marked; what is left is sent by others, or at the next
   * start.
   */
  async stop(): Promise<void> {
    this.isStopping = true;
    await Promise.all([...this.workers.values()].map((worker) => worker.stop()));
    await this.sweeper?.stop();
    this.workers = new Map();
    this.sweeper = undefined;
    this.isStopping = false;
  }

  /** Sends all that is due now; says how many messages were sent. */
  async deliverDue(): Promise<number> {
    const sent = await Promise.all(CHANNELS.map((channel) => this.deliver(channel)));
    return sent.reduce((sum, count) => sum + count, 0);
  }

  private async deliver(channel: Channel): Promise<number> {
    let sent = 0;
    for (;;) {
      const claimed = await this.store.claim(channel, AT_ONCE);
      const ends = await Promise.allSettled(claimed.map((one) => this.deliverOne(one)));
      sent += ends.filter((end) => end.status === 'fulfilled' && end.value).length;
      const broken = ends.find((end) => end.status === 'rejected');
      if (broken) throw broken.reason;
      if (claimed.length < AT_ONCE || this.isStopping) return sent;
    }
  }

  /**
   * Whether it was sent. Throws only if the database cannot be told; the lease then brings the message back.
   */
  private async deliverOne(claimed: Claimed): Promise<boolean> {
    const { attempt, to } = claimed.isOver ? OVER : await this.attempt(claimed);
    if (attempt === 'NOT_TAKEN' && (await this.store.postpone(claimed, this.delay(claimed.attempts))))
      return false;
    const state = attempt === 'TAKEN' ? 'SENT' : 'FAILED';
    if (!(await this.mark(claimed, state))) return false;
    this.dispatcher.count(claimed.channel, state === 'SENT' ? 'sent' : 'failed');
    await this.report(claimed, state);
    if (attempt === 'UNREACHABLE' && to !== undefined) await this.reportUnreachable(claimed, to);
    return state === 'SENT';
  }

  private async attempt(claimed: Claimed): Promise<Tried> {
    try {
      const message = this.store.open(claimed);
      return { attempt: await this.dispatcher.attempt(message, claimed.id), to: message.to };
    } catch (error) {
      this.log.error(
        { id: claimed.id, error: (error as Error).message },
        'a message in the outbox cannot be opened',
      );
      return { attempt: 'NOT_TAKEN' };
    }
  }

  /**
   * What was sent and is not marked would be sent twice: worth several tries, all of them within the lease.
   */
  private async mark(claimed: Claimed, state: 'SENT' | 'FAILED'): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.store.settle(claimed, state);
      } catch (error) {
        if (tries >= MARK_TRIES) throw error;
        await pause(MARK_PAUSE * 2 ** (tries - 1));
      }
    }
  }

  private async report({ id, reference }: Claimed, state: 'SENT' | 'FAILED'): Promise<void> {
    if (reference === null) return;
    try {
      await this.port.onDelivery(reference, state);
    } catch (error) {
      this.log.warn(
        { id, reference, state, error: (error as Error).message },
        'the end of a message was not heard',
      );
    }
  }

  private async reportUnreachable({ id, channel }: Claimed, to: string): Promise<void> {
    try {
      await this.port.onUnreachable(channel, to);
    } catch (error) {
      this.log.warn(
        { id, channel, error: (error as Error).message },
        'that a destination exists no more was not heard',
      );
    }
  }

  /** 2 s, 6 s, 18 s, 54 s, each shortened by chance up to half, so that many do not come back at once. */
  private delay(attempts: number): number {
    const longest = FIRST_RETRY * RETRY_GROWTH ** (attempts - 1);
    return longest / 2 + this.chance.below(longest / 2);
  }
}
