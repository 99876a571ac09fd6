import { RequestFault } from '../kernel';
import type { Log } from './telemetry';

/** Work that is done again and again, one turn at a time. */
export interface Repeating {
  /** A turn that begins after this call, so that it sees what the caller has just done. Never rejects. */
  now(): Promise<void>;
  /** No turn begins any more; settles when the running one has ended. */
  stop(): Promise<void>;
}

/**
 * Does the work every so many milliseconds until stopped. Turns never overlap: a tick that comes during a
 * turn is left out. A turn that fails is logged, and the next tick tries again. The timer alone keeps no
 * process alive.
 */
export function repeat(name: string, everyMs: number, work: () => Promise<unknown>, log: Log): Repeating {
  let running: Promise<void> | undefined;
  let following: Promise<void> | undefined;
  let isStopped = false;

  const turn = async (): Promise<void> => {
    try {
      await work();
    } catch (error) {
      report(name, error, log);
    }
  };
  const begin = (): Promise<void> => (running = turn().finally(() => (running = undefined)));
  const now = (): Promise<void> => {
    if (isStopped) return running ?? Promise.resolve();
    if (!running) return begin();
    // The running turn may be past what the caller has done: one more follows, shared by all who ask
    // meanwhile.
    return (following ??= running.then(() => {
      following = undefined;
      return now();
    }));
  };
  const timer = setInterval(() => {
    if (!running) void begin();
  }, everyMs).unref();

  return {
    now,
    async stop() {
      isStopped = true;
      clearInterval(timer);
      await running;
    },
  };
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * The result of the work, or an error once the time is over. The signal then tells the work to give up;
 * whether it does or not, nobody waits for it any longer.
 */
export async function within<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const aborter = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeIsOver = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const reason = new Error(`no answer within ${String(milliseconds)} ms`);
      reject(reason);
      aborter.abort(reason);
    }, milliseconds);
  });
  try {
    return await Promise.race([work(aborter.signal), timeIsOver]);
  } finally {
    clearTimeout(timer);
  }
}

function report(name: string, error: unknown, log: Log): void {
  if (error instanceof RequestFault && error.code === 'SERVICE_UNAVAILABLE') {
    log.warn(
      { work: name, error: error.detail ?? error.message },
      'repeated work could not be done, will be tried again',
    );
    return;
  }
  // Not the error itself: a failed statement carries its parameters, which may hold what no log may.
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  log.error({ work: name, error: message, stack }, 'repeated work failed, will be tried again');
}
