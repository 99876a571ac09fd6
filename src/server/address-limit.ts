import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { HttpFault } from './http-fault';

const WINDOW_SECONDS = 60;

/**
 * Counts what one address asks of this process. Coarse on purpose: the limits on guesses are kept in the
 * database.
 */
export class AddressLimit {
  private readonly limiter: RateLimiterMemory;

  constructor(perMinute: number) {
    this.limiter = new RateLimiterMemory({ points: perMinute, duration: WINDOW_SECONDS });
  }

  /**
   * Counts one request or socket operation; throws RATE_LIMITED, with the wait, when the minute's share is
   * used up.
   */
  async take(addressKey: string): Promise<void> {
    try {
      await this.limiter.consume(addressKey);
    } catch (error) {
      if (!(error instanceof RateLimiterRes)) throw error;
      const wait = Math.max(1, Math.ceil(error.msBeforeNext / 1000));
      throw new HttpFault(429, 'RATE_LIMITED', undefined, { 'retry-after': String(wait) });
    }
  }
}
