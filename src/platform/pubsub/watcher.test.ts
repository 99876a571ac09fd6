import { createLog } from '../telemetry';
import type { Bus } from './bus';
import { InProcessBus } from './in-process-bus';
import { Watcher, type Snapshot } from './watcher';

const log = createLog('silent');

/** A thing that changes, and how often it was read. */
class Thing {
  version = 1;
  reads = 0;
  isFinal = false;
  read = (): Promise<Snapshot<number>> => {
    this.reads += 1;
    return Promise.resolve({ state: this.version, version: String(this.version), isFinal: this.isFinal });
  };
  look = (ids: readonly string[]) => Promise.resolve(new Map(ids.map((id) => [id, String(this.version)])));
}

/** A bus whose acknowledgement the test gives, as when Redis is away. */
class SilentBus implements Bus {
  acknowledge: () => void = () => undefined;
  cancelled = 0;
  publish = () => Promise.resolve();
  subscribe = () => ({
    acknowledged: new Promise<void>((resolve) => (this.acknowledge = resolve)),
    cancel: () => void (this.cancelled += 1),
  });
  isUp = () => false;
  close = () => Promise.resolve();
}

describe('Watcher', () => {
  it('gives the state first, each change once, and ends after a final state', async () => {
    const thing = new Thing();
    const watcher = new Watcher('thing', new InProcessBus(), thing.look, log);
    const stream = watcher.follow('a', thing.read);
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    const next = stream.next();
    watcher.ring('a');
    thing.version = 2;
    thing.isFinal = true;
    watcher.ring('a');
    expect(await next).toEqual({ done: false, value: 2 });
    expect(await stream.next()).toEqual({ done: true, value: undefined });
    expect(watcher.count).toBe(0);
  });

  it('finds by looking what no bell has told', async () => {
    const thing = new Thing();
    const watcher = new Watcher('thing', new InProcessBus(), thing.look, log);
    const stream = watcher.follow('a', thing.read);
    await stream.next();
    const next = stream.next();
    thing.version = 2;
    await watcher.lookNow();
    expect(await next).toEqual({ done: false, value: 2 });
    await stream.return?.();
  });

  it('sends the state without an acknowledgement, and reads again when a late one comes', async () => {
    const thing = new Thing();
    const bus = new SilentBus();
    const watcher = new Watcher('thing', bus, thing.look, log);
    const stream = watcher.follow('a', thing.read);
    expect(await stream.next()).toEqual({ done: false, value: 1 });
    const next = stream.next();
    thing.version = 2;
    bus.acknowledge();
    expect(await next).toEqual({ done: false, value: 2 });
    await stream.return?.();
  });

  it('can be stopped while it waits, and lets go of the bus', async () => {
    const thing = new Thing();
    const bus = new SilentBus();
    const watcher = new Watcher('thing', bus, thing.look, log);
    const stream = watcher.follow('a', thing.read);
    await stream.next();
    const waiting = stream.next();
    await stream.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect([watcher.count, watcher.countOf('a'), bus.cancelled]).toEqual([0, 0, 1]);
  });

  it('looks at nothing when nobody follows, and reads nothing that has not changed', async () => {
    const thing = new Thing();
    const watcher = new Watcher('thing', new InProcessBus(), thing.look, log);
    await watcher.lookNow();
    const stream = watcher.follow('a', thing.read);
    await stream.next();
    void stream.next();
    await new Promise((resolve) => setImmediate(resolve));
    const { reads } = thing;
    await watcher.lookNow();
    await new Promise((resolve) => setImmediate(resolve));
    expect(thing.reads).toBe(reads);
    await stream.return?.();
  });
});
