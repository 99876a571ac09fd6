import { RequestFault } from '../kernel';

export const OPERATION_MS = 10_000;

/**
 * The result of the work, or SERVICE_UNAVAILABLE once it has taken too long. The work itself is not
 * interrupted.
 */
export async function withinTime<T>(work: Promise<T>, milliseconds: number = OPERATION_MS): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(
        new RequestFault('SERVICE_UNAVAILABLE', undefined, `an operation took ${String(milliseconds)} ms`),
      );
    }, milliseconds);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
    // Whoever waited is gone: a late failure is nobody's.
    work.catch(() => undefined);
  }
}
