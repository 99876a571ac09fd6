import { after, seconds, type Clock } from '../kernel';

const FAILURES_MAX = 5;
const PAUSE = seconds(30);

export type BreakerState = 'closed' | 'half-open' | 'open';

/**
 * Keeps a provider that is down from being asked each time: after 5 failures in a row it rests for 30 s, then
 * one message tries it; that one decides.
 */
export class CircuitBreaker {
  private failures = 0;
  private openUntil: Date | undefined;
  private isTrying = false;

  constructor(
    private readonly clock: Clock,
    private readonly failuresMax = FAILURES_MAX,
    private readonly pauseMs = PAUSE,
  ) {}

  get state(): BreakerState {
    if (!this.openUntil) return 'closed';
    return this.isTrying ? 'half-open' : 'open';
  }

  /** Whoever gets true must tell how it went: the trial is given to one only. */
  mayTry(): boolean {
    if (!this.openUntil) return true;
    if (this.isTrying || this.clock.now() < this.openUntil) return false;
    this.isTrying = true;
    return true;
  }

  succeeded(): void {
    this.failures = 0;
    this.openUntil = undefined;
    this.isTrying = false;
  }

  failed(): void {
    this.failures += 1;
    this.isTrying = false;
    if (this.failures >= this.failuresMax) this.openUntil = after(this.clock.now(), this.pauseMs);
  }
}
