import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { DeviceError } from './device-error';

const RETRY_MS_MAX = 10_000;

export interface StreamOptions {
  readonly graphqlUrl: string;
  readonly query: string;
  /** Asked for at every connection, since a credential is good once. */
  authorization(): Promise<string>;
  heard(data: unknown): void;
  /** Told when the connection comes or goes, not for each try. */
  connected?(isConnected: boolean): void;
}

export interface RunningStream {
  /** Settles at the end of the stream, rejects if the gateway refuses it; lost connections are made again. */
  readonly ended: Promise<void>;
  stop(): void;
}

/** Subscribes over graphql-transport-ws until it is stopped. */
export function openStream(options: StreamOptions): RunningStream {
  let isConnected: boolean | undefined;
  const told = (isNow: boolean): void => {
    if (isNow !== isConnected) options.connected?.(isNow);
    isConnected = isNow;
  };
  const client = createClient({
    url: options.graphqlUrl.replace(/^http/, 'ws'),
    webSocketImpl: WebSocket,
    connectionParams: async () => ({ authorization: await options.authorization() }),
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: (retries) => pause(Math.min(250 * 2 ** retries, RETRY_MS_MAX)),
    keepAlive: 12_000,
    on: { connected: () => told(true), closed: () => told(false) },
  });
  const ended = new Promise<void>((resolve, reject) => {
    const next = ({ data, errors }: { data?: unknown; errors?: unknown }): void => {
      if (errors) reject(refusalOf(errors));
      else options.heard(data);
    };
    client.subscribe(
      { query: options.query },
      { next, error: (error) => reject(refusalOf(error)), complete: resolve },
    );
  });
  const stop = (): void => void client.dispose();
  // Whoever waits for the end hears of a refusal; whoever does not is not to die of it.
  ended.then(stop, stop);
  return { ended, stop };
}

const graphqlErrors = z.array(
  z.object({ message: z.string(), extensions: z.object({ code: z.string() }).optional() }),
);
const closeEvent = z.object({ reason: z.string().min(1) });

/** GraphQL errors, a close event, or whatever a socket throws. */
function refusalOf(error: unknown): DeviceError {
  const first = graphqlErrors.safeParse(error).data?.[0];
  if (first) return new DeviceError(first.extensions?.code ?? 'UNKNOWN', first.message);
  const closed = closeEvent.safeParse(error);
  return new DeviceError('CLOSED', closed.data?.reason ?? 'The gateway closed the connection.');
}

const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
