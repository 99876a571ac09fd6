import { RedisPubSub } from 'graphql-redis-subscriptions';
import { Redis } from 'ioredis';
import type { Log } from '../telemetry';
import type { Bus, BusSubscription } from './bus';

/** Bells over Redis, through graphql-redis-subscriptions. Nothing but ids and versions travels here. */
export class RedisBus implements Bus {
  private readonly publisher: Redis;
  private readonly subscriber: Redis;
  private readonly engine: RedisPubSub;

  constructor(
    url: string,
    private readonly log: Log,
  ) {
    // A bell is worth 250 ms, not a queue: while Redis is away it is dropped, and the 3 s look replaces it.
    this.publisher = new Redis(url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 1,
      commandTimeout: 250,
      enableAutoPipelining: true,
      retryStrategy: backOff,
    });
    // A failed SUBSCRIBE would reject inside the library and end the process: it waits for Redis instead.
    this.subscriber = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: backOff });
    for (const connection of [this.publisher, this.subscriber]) {
      connection.on('error', (error: Error) => this.log.debug({ error: error.message }, 'redis connection'));
    }
    this.engine = new RedisPubSub({ publisher: this.publisher, subscriber: this.subscriber });
  }

  async publish(channel: string, message: string): Promise<void> {
    try {
      await this.engine.publish(channel, message);
    } catch (error) {
      this.log.debug({ error: (error as Error).message }, 'a bell was not rung');
    }
  }

  subscribe(channel: string, heard: (message: string) => void): BusSubscription {
    const subscribed = this.engine.subscribe(channel, heard);
    const acknowledged = subscribed.then(() => undefined);
    acknowledged.catch((error: unknown) => this.log.warn({ error: String(error) }, 'a bell cannot be heard'));
    return {
      acknowledged,
      cancel: () => void subscribed.then((id) => this.engine.unsubscribe(id)).catch(() => undefined),
    };
  }

  isUp(): boolean {
    return this.publisher.status === 'ready';
  }

  close(): Promise<void> {
    // Not the engine's `close`: it says goodbye to Redis, and would wait for ever where there is none.
    this.publisher.disconnect();
    this.subscriber.disconnect();
    return Promise.resolve();
  }
}

const backOff = (attempt: number): number => Math.min(attempt * 100, 2000);
