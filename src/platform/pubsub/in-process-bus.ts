import { EventEmitter } from 'node:events';
import type { Bus, BusSubscription } from './bus';

/** The bus of a single process: the embedded way to run. */
export class InProcessBus implements Bus {
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  publish(channel: string, message: string): Promise<void> {
    // As over a network, nobody hears inside the publisher's own call stack.
    setImmediate(() => this.emitter.emit(channel, message));
    return Promise.resolve();
  }

  subscribe(channel: string, heard: (message: string) => void): BusSubscription {
    this.emitter.on(channel, heard);
    return { acknowledged: Promise.resolve(), cancel: () => this.emitter.off(channel, heard) };
  }

  isUp(): boolean {
    return true;
  }

  close(): Promise<void> {
    this.emitter.removeAllListeners();
    return Promise.resolve();
  }
}
