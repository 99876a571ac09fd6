import { Duplex } from 'node:stream';
import { type Backend, BackendRefusal } from './backend';
import { WELCOME, errorReply, isTerminate, requestBytes } from './protocol';

type Done = (error?: Error | null) => void;

/**
 * What `pg` takes for a TCP connection to a server: it speaks the wire protocol, and the backend answers in this
 * process. So parameters, types, errors and row counts are those of `pg`, not a second version of them.
 */
export class BackendSocket extends Duplex {
  private received = Buffer.alloc(0);
  private isWelcome = false;

  constructor(private readonly backend: Backend) {
    super();
  }

  connect(): this {
    process.nextTick(() => this.emit('connect'));
    return this;
  }

  // `pg` tunes its TCP connections; here there is nothing to tune.
  setNoDelay = (): this => this;
  setKeepAlive = (): this => this;
  ref = (): this => this;
  unref = (): this => this;

  override _read(): void {
    // Replies are pushed when they are there.
  }

  override _write(chunk: Buffer, _encoding: string, done: Done): void {
    this.received = Buffer.concat([this.received, chunk]);
    this.answer().then(() => done(), done);
  }

  override _writev(chunks: readonly { chunk: Buffer }[], done: Done): void {
    this.received = Buffer.concat([this.received, ...chunks.map(({ chunk }) => chunk)]);
    this.answer().then(() => done(), done);
  }

  override _final(done: Done): void {
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.backend.leave(this).then(() => done(error), done);
  }

  private async answer(): Promise<void> {
    if (!this.isWelcome) {
      this.isWelcome = true;
      this.received = Buffer.alloc(0);
      this.push(WELCOME);
      return;
    }
    const request = this.takeOff(requestBytes(this.received));
    if (request.length === 0 || isTerminate(request)) return;
    const reply = await this.backend.run(this, request).catch(refusalReply);
    // A statement keeps the thread until it is done. As over a network, the reply comes in a later turn of the
    // event loop, so that a chain of queries does not starve timers and sockets.
    await new Promise((turn) => setImmediate(turn));
    this.push(reply);
  }

  private takeOff(count: number): Buffer {
    const taken = this.received.subarray(0, count);
    this.received = this.received.subarray(count);
    return taken;
  }
}

function refusalReply(error: unknown): Buffer {
  if (error instanceof BackendRefusal) return errorReply(error.code, error.message);
  throw error;
}
