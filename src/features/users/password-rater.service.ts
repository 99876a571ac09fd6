import { Worker } from 'node:worker_threads';
import { RequestFault } from '../../kernel';
import { raterThread } from './password-rater-thread';
import { stem, type PasswordRater, type PasswordRating } from './password-rules';

/** Loading the word lists included, on a machine that is busy with something else. */
const WAIT_MS = 10_000;
const WAITING_MAX = 16;

interface Waiting {
  readonly resolve: (rating: PasswordRating) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/**
 * Rates passwords with zxcvbn in a thread of its own, which begins with the first one: loading the word lists takes half
 * a second, and a password made to be hard to rate a third of one, during which nobody else would be served. Where no
 * rating comes the password is not taken: SERVICE_UNAVAILABLE.
 */
export class ThreadRater implements PasswordRater {
  private thread: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  async rate(password: string, personal: readonly string[]): Promise<PasswordRating> {
    if (this.waiting.size >= WAITING_MAX) throw unavailable('too many passwords to rate at once');
    const thread = (this.thread ??= this.begin());
    const id = (this.asked += 1);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.lose(thread, 'no rating in time');
      }, WAIT_MS);
      this.waiting.set(id, { resolve, reject, timer });
      thread.postMessage({ id, password, word: stem(password), personal });
    });
  }

  async close(): Promise<void> {
    const { thread } = this;
    if (thread) this.lose(thread, 'the gateway stops');
    await thread?.terminate();
  }

  private begin(): Worker {
    const thread = new Worker(`(${raterThread.toString()})()`, { eval: true, workerData: __filename });
    thread.on('message', ({ id, ...rating }: PasswordRating & { id: number }) => {
      const asked = this.waiting.get(id);
      this.waiting.delete(id);
      clearTimeout(asked?.timer);
      asked?.resolve(rating);
    });
    thread.on('error', (error) => {
      this.lose(thread, `the rating thread failed: ${error.name}`);
    });
    thread.on('exit', () => {
      this.lose(thread, 'the rating thread ended');
    });
    // What waits for a rating has a timer that keeps the process alive; the thread alone must not. A listener added
    // later would hold it again.
    thread.unref();
    return thread;
  }

  /** Whoever waits is told; the next password begins a new thread. */
  private lose(thread: Worker, detail: string): void {
    if (this.thread !== thread) return;
    this.thread = undefined;
    void thread.terminate();
    const lost = [...this.waiting.values()];
    this.waiting.clear();
    for (const { reject, timer } of lost) {
      clearTimeout(timer);
      reject(unavailable(detail));
    }
  }
}

const unavailable = (detail: string): RequestFault =>
  new RequestFault('SERVICE_UNAVAILABLE', undefined, detail);
