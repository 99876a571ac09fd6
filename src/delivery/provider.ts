import type { Channel, Message } from './message';

/**
 * Hands messages of one channel to those who carry them: a carrier's HTTP API, a mail server, the dev inbox.
 */
export interface DeliveryProvider {
  readonly name: string;
  readonly channel: Channel;
  /** Which messages of the channel it is for; without it, all. */
  serves?(message: Message): boolean;
  /**
   * Resolves when the message was taken over, rejects if it was not: with a `DeliveryFailure` where the
   * provider knows more than that. Tries once: repeating is the outbox's part. `id` stays the same when a
   * message is tried again: pass it on where the carrier tells repetitions by it. The signal tells that nobody
   * waits any longer.
   */
  send(message: Message, id: string, signal: AbortSignal): Promise<void>;
}

/** Hears how a message ended. */
export interface DeliveryPort {
  /** `reference` is what was given with the message, such as the id of a challenge. */
  onDelivery(reference: string, state: 'SENT' | 'FAILED'): Promise<void>;
  /** The provider says that the destination (`Message.to`) exists no more. */
  onUnreachable(channel: Channel, to: string): Promise<void>;
}
