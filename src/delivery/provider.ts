import type { Channel, Message } from './message';

/**
 * Hands messages of one channel to those who carry them: a carrier's HTTP API, a mail server, the dev inbox.
 */
export interface DeliveryProvider {
  readonly name: string;
  readonly channel: Channel;
  /**
   * Resolves when the message was taken over, rejects if it was not. `id` stays the same when a message is
   * tried again: pass it on where the carrier tells repetitions by it. The signal tells that nobody waits any
   * longer.
   */
  send(message: Message, id: string, signal: AbortSignal): Promise<void>;
}

/** Hears how a message ended. `reference` is what was given with it, such as the id of a challenge. */
export interface DeliveryPort {
  onDelivery(reference: string, state: 'SENT' | 'FAILED'): Promise<void>;
}
