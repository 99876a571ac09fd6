import { Readable } from 'node:stream';
import type { ExecutionResult, FormattedExecutionResult } from 'graphql';
import { print, type StreamData } from 'graphql-sse';
import { publicError, type ErrorScope } from './public-error';

const PING_MS = 12_000;
/** A stream of nobody serves one flow, which lives 10 minutes: 55 pings are 11. */
const ANONYMOUS_PINGS = 55;

export type PublicResults = AsyncIterator<FormattedExecutionResult, void, void>;

/**
 * One subscription as server-sent events (GraphQL over SSE, distinct connections mode). The next event is
 * asked for when the last one was read, so a slow reader holds up its own stream and fills no memory.
 */
export class EventStream extends Readable {
  private readonly heart: NodeJS.Timeout;
  private isAsking = false;
  private isOver = false;
  private pings = 0;

  constructor(
    private readonly results: PublicResults,
    private readonly isAnonymous: boolean,
  ) {
    super();
    // A first comment, since some browsers hold back a response until its first bytes.
    this.push(':\n\n');
    this.heart = setInterval(() => this.beat(), PING_MS);
  }

  /** Ends the response without `complete`: the client sees a cut and connects again. */
  cut(): void {
    this.finish('');
  }

  override _read(): void {
    if (this.isAsking || this.isOver) return;
    this.isAsking = true;
    this.results.next().then(
      (step) => {
        this.isAsking = false;
        if (step.done) this.finish(print({ event: 'complete', data: null }));
        // The library's type wants error objects; on the wire both are the same JSON.
        else if (!this.isOver) this.push(print({ event: 'next', data: step.value as StreamData<'next'> }));
      },
      (error: unknown) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.letGo();
    done(error);
  }

  private finish(lastWords: string): void {
    if (this.isOver) return;
    this.letGo();
    if (lastWords) this.push(lastWords);
    this.push(null);
  }

  private beat(): void {
    this.pings += 1;
    if (this.isAnonymous && this.pings >= ANONYMOUS_PINGS) return void this.cut();
    // Whoever has not even read the last comment is gone.
    if (this.readableLength > 0) return void this.destroy();
    this.push(':\n\n');
  }

  private letGo(): void {
    if (this.isOver) return;
    this.isOver = true;
    clearInterval(this.heart);
    void this.results.return?.();
  }
}

/** The results of a subscription with masked errors; where its source breaks, one last result says so. */
export function publicResults(events: AsyncIterator<ExecutionResult>, scope: ErrorScope): PublicResults {
  let isBroken = false;
  const mask = (errors: readonly unknown[]) => errors.map((error) => publicError(error, scope));
  return {
    async next() {
      if (isBroken) return { done: true, value: undefined };
      try {
        const step = await events.next();
        if (step.done) return { done: true, value: undefined };
        const { errors, ...result } = step.value;
        return { done: false, value: { ...result, ...(errors && { errors: mask(errors) }) } };
      } catch (error) {
        isBroken = true;
        return { done: false, value: { errors: mask([error]) } };
      }
    },
    async return() {
      await events.return?.().catch((error: unknown) => mask([error]));
      return { done: true, value: undefined };
    },
  };
}

/** A stream of one result: how an operation is refused once the client waits for events. */
export async function* oneResult(
  result: FormattedExecutionResult,
): AsyncGenerator<FormattedExecutionResult, void, void> {
  yield result;
}
