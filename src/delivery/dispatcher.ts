import { seconds, type Clock } from '../kernel';
import { displayText, within, type Log, type Metrics } from '../platform';
import { CircuitBreaker, type BreakerState } from './circuit-breaker';
import { DeliveryFailure, type FailureKind } from './delivery-failure';
import type { Channel, Message } from './message';
import type { DeliveryProvider } from './provider';

const SEND_TIMEOUT = seconds(5);
const DETAIL_MAX = 200;
const BREAKER_STATES: Readonly<Record<BreakerState, number>> = { closed: 0, 'half-open': 1, open: 2 };

/**
 * `UNDELIVERABLE`: trying again is of no use, or might send it twice. `UNREACHABLE`: the destination exists no
 * more.
 */
export type Attempt = 'TAKEN' | 'NOT_TAKEN' | 'UNDELIVERABLE' | 'UNREACHABLE';

/** A provider, and whether it may be asked now. */
interface Lane {
  readonly provider: DeliveryProvider;
  readonly breaker: CircuitBreaker;
}

/**
 * Picks the providers of a message, in order of preference, and bounds the time that each may take. The next
 * one is asked only after one that surely did not take the message.
 */
export class Dispatcher {
  private readonly lanes: readonly Lane[];

  constructor(
    providers: readonly DeliveryProvider[],
    private readonly metrics: Metrics,
    private readonly log: Log,
    clock: Clock,
    private readonly timeout = SEND_TIMEOUT,
  ) {
    this.lanes = providers.map((provider) => ({ provider, breaker: new CircuitBreaker(clock) }));
    this.lanes.forEach((lane) => this.showBreaker(lane));
  }

  /** One try. Never throws; why it failed is in the log, without address and text. */
  async attempt(message: Message, id: string): Promise<Attempt> {
    const { channel } = message;
    const lanes = this.lanes.filter(
      ({ provider }) => provider.channel === channel && (provider.serves?.(message) ?? true),
    );
    if (lanes.length === 0) {
      this.log.error({ id, channel }, 'a message cannot be sent: no provider for its channel');
      return 'UNDELIVERABLE';
    }
    let mayHelpLater = false;
    for (const lane of rotated(lanes, message.attempt ?? 0)) {
      const end = lane.breaker.mayTry() ? await this.try(lane, message, id) : 'RESTS';
      if (end === 'TAKEN') return 'TAKEN';
      if (end === 'GONE') return 'UNREACHABLE';
      // A second SMS costs money and teaches people to ignore them: one request sends at most one (SMS-09).
      if (end === 'UNCERTAIN' && channel === 'sms') return 'UNDELIVERABLE';
      mayHelpLater ||= end !== 'REJECTED';
    }
    return mayHelpLater ? 'NOT_TAKEN' : 'UNDELIVERABLE';
  }

  /** Counts how a message ended. */
  count(channel: Channel, outcome: 'sent' | 'failed'): void {
    this.metrics.messages.inc({ channel, outcome });
  }

  private async try(lane: Lane, message: Message, id: string): Promise<'TAKEN' | FailureKind> {
    const { provider, breaker } = lane;
    const labels = { provider: provider.name, channel: message.channel };
    this.showBreaker(lane);
    const stop = this.metrics.providerSeconds.startTimer(labels);
    const time = { isOver: false };
    try {
      await within(this.timeout, (signal) => {
        signal.addEventListener('abort', () => (time.isOver = true), { once: true });
        return provider.send(message, id, signal);
      });
      breaker.succeeded();
      this.metrics.providerMessages.inc({ ...labels, outcome: 'sent' });
      return 'TAKEN';
    } catch (error) {
      const kind = time.isOver ? 'UNCERTAIN' : error instanceof DeliveryFailure ? error.kind : 'REFUSED';
      // Who says that it is the message's or the destination's fault is at work.
      if (kind === 'REJECTED' || kind === 'GONE') breaker.succeeded();
      else breaker.failed();
      this.metrics.providerMessages.inc({ ...labels, outcome: 'failed' });
      this.log.warn({ id, ...labels, kind, error: detail(error, message) }, 'a message was not taken');
      return kind;
    } finally {
      stop();
      this.showBreaker(lane);
    }
  }

  private showBreaker({ provider, breaker }: Lane): void {
    const labels = { provider: provider.name, channel: provider.channel };
    this.metrics.providerBreaker.set(labels, BREAKER_STATES[breaker.state]);
  }
}

/** The list begun at its nth entry: a message asked for again takes another way. */
export function rotated<T>(list: readonly T[], nth: number): readonly T[] {
  const first = list.length === 0 ? 0 : nth % list.length;
  return [...list.slice(first), ...list.slice(0, first)];
}

/** Carriers like to quote the number or the text in their refusals; neither may stand in the log. */
function detail(error: unknown, message: Message): string {
  const { to, subject, text, html, target, data } = message;
  const quoted = [to, subject, text, html, target?.pushToken, ...Object.values(data ?? {})].filter(
    (part): part is string => Boolean(part),
  );
  const said = error instanceof Error ? error.message : String(error);
  const cleaned = quoted.reduce((cut, part) => cut.replaceAll(part, '[…]'), said);
  return displayText(cleaned.replace(/\d{6,}/g, '[…]').replace(/[^\s<>"]+@[^\s<>"]+/g, '[…]'), DETAIL_MAX);
}
