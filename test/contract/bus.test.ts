/** What every bus must hold: bells arrive at whoever is acknowledged, and at nobody else. */
import { randomUUID } from 'node:crypto';
import { InProcessBus, RedisBus, createLog, type Bus } from '../../src/platform';

const redisUrl = process.env['TEST_REDIS_URL'];
const log = createLog('silent');
const buses: [string, (() => Bus) | undefined][] = [
  ['in this process', () => new InProcessBus()],
  ['over Redis', redisUrl === undefined ? undefined : () => new RedisBus(redisUrl, log)],
];

describe.each(buses)('a bus %s', (_name, open) => {
  let bus: Bus;
  const check = open ? it : it.skip;
  beforeAll(() => {
    if (open) bus = open();
  });
  afterAll(() => (open ? bus.close() : undefined));

  check('carries a message to all who are acknowledged on its channel', async () => {
    const [channel, heard] = [`flow:${randomUUID()}`, [] as string[]];
    const arrived = Promise.all(
      ['one', 'two'].map(
        (name) =>
          new Promise<void>((resolve, reject) => {
            const subscription = bus.subscribe(channel, (message) => {
              heard.push(`${name} ${message}`);
              resolve();
            });
            subscription.acknowledged.catch(reject);
          }),
      ),
    );
    const ready = bus.subscribe(channel, () => undefined);
    await ready.acknowledged;
    await bus.publish(channel, 'hello');
    await arrived;
    expect(heard.sort()).toEqual(['one hello', 'two hello']);
  });

  check('carries nothing to other channels, to patterns, or after a cancel', async () => {
    const channel = `flow:${randomUUID()}`;
    const heard: string[] = [];
    const others = [`${channel}x`, 'flow:*', channel].map((name) =>
      bus.subscribe(name, () => heard.push(name)),
    );
    await Promise.all(others.map((other) => other.acknowledged));
    others[2]?.cancel();
    const probe = new Promise<void>((resolve) => {
      const last = bus.subscribe(channel, () => resolve());
      void last.acknowledged.then(() => bus.publish(channel, 'x'));
    });
    await probe;
    expect(heard).toEqual([]);
  });
});
