import { seconds } from '../kernel';
import { displayText, within, type Log, type Metrics } from '../platform';
import type { Channel, Message } from './message';
import type { DeliveryProvider } from './provider';

const SEND_TIMEOUT = seconds(5);
const DETAIL_MAX = 200;

/** `UNDELIVERABLE`: no provider serves the channel, so trying again is of no use. */
export type Attempt = 'TAKEN' | 'NOT_TAKEN' | 'UNDELIVERABLE';

/** Picks the provider of a message's channel, and bounds the time that it may take. */
export class Dispatcher {
  private readonly providers: ReadonlyMap<Channel, DeliveryProvider>;

  constructor(
    providers: readonly DeliveryProvider[],
    private readonly metrics: Metrics,
    private readonly log: Log,
    private readonly timeout = SEND_TIMEOUT,
  ) {
    this.providers = new Map(providers.map((provider) => [provider.channel, provider]));
  }

  /** One try. Never throws; why it failed is in the log, without address and text. */
  async attempt(message: Message, id: string): Promise<Attempt> {
    const provider = this.providers.get(message.channel);
    if (!provider) {
      this.log.error(
        { id, channel: message.channel },
        'a message cannot be sent: no provider for its channel',
      );
      return 'UNDELIVERABLE';
    }
    try {
      await within(this.timeout, (signal) => provider.send(message, id, signal));
      return 'TAKEN';
    } catch (error) {
      const facts = { id, channel: message.channel, provider: provider.name, error: detail(error, message) };
      this.log.warn(facts, 'a message was not taken');
      return 'NOT_TAKEN';
    }
  }

  /** Counts how a message ended. */
  count(channel: Channel, outcome: 'sent' | 'failed'): void {
    this.metrics.messages.inc({ channel, outcome });
  }
}

/** Carriers like to quote the number or the text in their refusals; neither may stand in the log. */
function detail(error: unknown, message: Message): string {
  const quoted = [message.to, message.subject, message.text, ...Object.values(message.data ?? {})].filter(
    Boolean,
  );
  const text = error instanceof Error ? error.message : String(error);
  const cleaned = quoted.reduce((cut, part) => cut.replaceAll(part, '[…]'), text);
  return displayText(cleaned.replace(/\d{6,}/g, '[…]'), DETAIL_MAX);
}
