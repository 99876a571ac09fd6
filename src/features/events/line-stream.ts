import { RequestFault } from '../../kernel';

const WAITING_MAX = 500;

/**
 * Values for one reader, in order. It can be ended while the reader waits; one that falls far behind is ended with an error
 * instead of filling the memory.
 */
export class LineStream<T> implements AsyncIterableIterator<T> {
  private readonly waiting: T[] = [];
  private readonly readers: {
    resolve(result: IteratorResult<T>): void;
    reject(error: Error): void;
  }[] = [];
  private end: { readonly error?: Error } | undefined;

  constructor(private readonly ended: () => void) {}

  push(values: readonly T[]): void {
    for (const value of values) {
      if (this.end) return;
      const reader = this.readers.shift();
      if (reader) reader.resolve({ done: false, value });
      else if (this.waiting.length < WAITING_MAX) this.waiting.push(value);
      else
        this.fail(new RequestFault('SERVICE_UNAVAILABLE', 'The stream fell behind. Please subscribe again.'));
    }
  }

  /** What waits is still read; then comes the error. */
  fail(error: Error): void {
    this.finish(error);
  }

  next(): Promise<IteratorResult<T>> {
    const [value] = this.waiting.splice(0, 1);
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (!this.end) return new Promise((resolve, reject) => this.readers.push({ resolve, reject }));
    const { error } = this.end;
    this.end = {};
    return error ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined });
  }

  return(): Promise<IteratorResult<T>> {
    this.waiting.length = 0;
    this.finish();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private finish(error?: Error): void {
    if (this.end) return;
    const first = error ? this.readers.shift() : undefined;
    this.end = first ? {} : { error };
    if (error) first?.reject(error);
    for (const reader of this.readers.splice(0)) reader.resolve({ done: true, value: undefined });
    this.ended();
  }
}
