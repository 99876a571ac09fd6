import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

/** A subscription that a test follows with a stock graphql-ws client. */
export interface Followed {
  /** All states so far, in order. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the shape is what the operation asks for
  readonly states: any[];
  /** Resolves with the first state, past or to come, that fits. Fails if the stream ends before. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- as above
  until(fits: (state: any) => boolean): Promise<any>;
  /** Resolves when the server has completed the stream; rejects with its errors. */
  readonly ended: Promise<void>;
  stop(): void;
}

interface Waiting {
  fits(state: unknown): boolean;
  resolve(state: unknown): void;
  reject(reason: Error): void;
}

export function follow(
  url: string,
  operation: { query: string; variables?: Record<string, unknown> },
  field: string,
  authorization?: string | (() => Promise<string>),
): Followed {
  const states: unknown[] = [];
  const waiting = new Set<Waiting>();
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    retryAttempts: 0,
    lazy: true,
    connectionParams: async () =>
      authorization === undefined
        ? {}
        : { authorization: typeof authorization === 'string' ? authorization : await authorization() },
  });
  let stop = (): void => undefined;
  const ended = new Promise<void>((resolve, reject) => {
    stop = client.subscribe(operation, {
      next: (result) => {
        const state = result.data?.[field];
        if (result.errors) return void reject(new Error(JSON.stringify(result.errors)));
        states.push(state);
        for (const one of [...waiting].filter((candidate) => candidate.fits(state))) {
          waiting.delete(one);
          one.resolve(state);
        }
      },
      error: (error) => reject(error instanceof Error ? error : new Error(JSON.stringify(error))),
      complete: resolve,
    });
  }).finally(() => void client.dispose());
  const fail = (error?: Error): void => {
    for (const one of waiting)
      one.reject(error ?? new Error(`the stream ended after ${JSON.stringify(states)}`));
    waiting.clear();
  };
  ended.then(() => fail(), fail);
  return {
    states,
    ended,
    until: (fits) =>
      new Promise((resolve, reject) => {
        const past = states.find(fits);
        if (past !== undefined) return void resolve(past);
        waiting.add({ fits, resolve, reject });
      }),
    stop: () => stop(),
  };
}
