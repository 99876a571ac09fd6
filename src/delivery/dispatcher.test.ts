import { Metrics, createLog, systemClock } from '../platform';
import { DeliveryFailure, type FailureKind } from './delivery-failure';
import { Dispatcher, rotated } from './dispatcher';
import type { Message } from './message';
import type { DeliveryProvider } from './provider';

const message: Message = {
  channel: 'sms',
  to: '+15550100',
  subject: 'Acme sign-in',
  text: 'Your code is 814633',
  data: { challenge: 'chl_01' },
};

let logged = '';
const log = createLog('debug', { write: (line: string) => void (logged += line) });
const withProvider = (send: DeliveryProvider['send'], timeout?: number): Dispatcher =>
  new Dispatcher([{ name: 'carrier', channel: 'sms', send }], new Metrics(), log, systemClock, timeout);
beforeEach(() => (logged = ''));

it('hands the message and its id to the provider of the channel', async () => {
  const taken: unknown[] = [];
  const dispatcher = withProvider((given, id) => Promise.resolve(void taken.push(given, id)));
  expect(await dispatcher.attempt(message, 'out_1')).toBe('TAKEN');
  expect(taken).toEqual([message, 'out_1']);
  expect(logged).toBe('');
});

it('has no use for a second try where no provider serves the channel', async () => {
  const dispatcher = withProvider(() => Promise.resolve());
  expect(await dispatcher.attempt({ ...message, channel: 'email' }, 'out_1')).toBe('UNDELIVERABLE');
});

it('does not wait for a provider that hangs, tells it so, and sends the SMS nowhere else', async () => {
  let told: AbortSignal | undefined;
  const dispatcher = withProvider((_, __, signal) => {
    told = signal;
    return new Promise(() => undefined);
  }, 20);
  expect(await dispatcher.attempt(message, 'out_1')).toBe('UNDELIVERABLE');
  expect(told?.aborted).toBe(true);
  expect(logged).toContain('no answer within 20 ms');
});

it('survives a provider that throws at once', async () => {
  const dispatcher = withProvider(() => {
    throw new TypeError('not configured');
  });
  expect(await dispatcher.attempt(message, 'out_1')).toBe('NOT_TAKEN');
});

it('logs a refusal without the address, the code and the text that the provider quotes', async () => {
  const quote = `21211: ${message.to} is no number; "${message.text}" (814633), chl_01, 00493012345\u001b[1m`;
  const dispatcher = withProvider(() => Promise.reject(new Error(quote)));
  expect(await dispatcher.attempt(message, 'out_1')).toBe('NOT_TAKEN');
  expect(JSON.parse(logged)).toMatchObject({
    id: 'out_1',
    channel: 'sms',
    provider: 'carrier',
    error: '21211: […] is no number; "[…]" ([…]), […], […] [1m',
  });
});

it('logs no address of another spelling, no push token and no subscription', async () => {
  const pushToken = 'fcm:device-token-of-ada';
  const quote = `550 <Ada@Example.com>: unknown; token ${pushToken} is no token`;
  const dispatcher = withProvider(() => Promise.reject(new Error(quote)));
  await dispatcher.attempt({ ...message, target: { platform: 'IOS', pushToken } }, 'out_1');
  expect(logged).toContain('550 <[…]>: unknown; token […] is no token');
});

describe('with several providers', () => {
  let now: Date;
  let metrics: Metrics;
  let asked: string[];
  beforeEach(() => {
    [now, metrics, asked] = [new Date('2031-03-01T09:00:00Z'), new Metrics(), []];
  });

  /** Each fails as it is told; undefined takes the message. */
  const withProviders = (
    ends: Record<string, FailureKind | undefined>,
    channel: Message['channel'] = 'sms',
  ): Dispatcher => {
    const providers = Object.keys(ends).map((name): DeliveryProvider => ({
      name,
      channel,
      send: async () => {
        asked.push(name);
        const end = ends[name];
        if (end) throw new DeliveryFailure(end, `${name} failed`);
      },
    }));
    return new Dispatcher(providers, metrics, log, { now: () => now });
  };
  const value = async (metric: keyof Metrics, labels: Record<string, string>) => {
    const { values } = await (metrics[metric] as Metrics['providerMessages']).get();
    const holds = (given: object) => Object.entries(labels).every((pair) => matches(given, pair));
    return values.find((entry) => holds(entry.labels))?.value;
  };
  const matches = (given: object, [name, label]: [string, string]) =>
    (given as Record<string, unknown>)[name] === label;

  it('asks the next one after a clear refusal, of whatever kind', async () => {
    for (const kind of ['REFUSED', 'REJECTED'] as const) {
      asked = [];
      expect(await withProviders({ first: kind, second: undefined }).attempt(message, 'out_1')).toBe('TAKEN');
      expect(asked).toEqual(['first', 'second']);
    }
  });

  it('asks no other one after an ambiguous failure of an SMS, but does for e-mail', async () => {
    const ends = { first: 'UNCERTAIN', second: undefined } as const;
    expect(await withProviders(ends).attempt(message, 'out_1')).toBe('UNDELIVERABLE');
    expect(asked).toEqual(['first']);
    expect(await withProviders(ends, 'email').attempt({ ...message, channel: 'email' }, 'out_1')).toBe(
      'TAKEN',
    );
  });

  it('comes back later unless all say that it will never do', async () => {
    const attempt = (ends: Record<string, FailureKind>) => withProviders(ends).attempt(message, 'out_1');
    expect(await attempt({ first: 'REJECTED', second: 'REFUSED' })).toBe('NOT_TAKEN');
    expect(await attempt({ first: 'REJECTED', second: 'REJECTED' })).toBe('UNDELIVERABLE');
    expect(await attempt({ first: 'GONE', second: 'REFUSED' })).toBe('UNREACHABLE');
  });

  it('begins with the next one when the user asks again, and goes round', async () => {
    const dispatcher = withProviders({ first: undefined, second: undefined });
    for (const attempt of [0, 1, 2, 3]) await dispatcher.attempt({ ...message, attempt }, 'out_1');
    expect(asked).toEqual(['first', 'second', 'first', 'second']);
    expect([rotated([1, 2, 3], 4), rotated([], 2)]).toEqual([[2, 3, 1], []]);
  });

  it('leaves a provider alone after five failures in a row, for 30 s', async () => {
    const ends: Record<string, FailureKind | undefined> = { first: 'REFUSED', second: undefined };
    const dispatcher = withProviders(ends);
    const attempt = () => dispatcher.attempt(message, 'out_1');
    for (let turn = 0; turn < 7; turn += 1) expect(await attempt()).toBe('TAKEN');
    expect(asked.filter((name) => name === 'first')).toHaveLength(5);
    expect(await value('providerBreaker', { provider: 'first' })).toBe(2);
    ends['first'] = undefined;
    now = new Date(now.getTime() + 30_000);
    asked = [];
    await attempt();
    expect(asked).toEqual(['first']);
    expect(await value('providerBreaker', { provider: 'first' })).toBe(0);
  });

  it('waits where all rest, and takes no message for failed', async () => {
    const dispatcher = withProviders({ only: 'REFUSED' });
    for (let turn = 0; turn < 6; turn += 1)
      expect(await dispatcher.attempt(message, 'out_1')).toBe('NOT_TAKEN');
    expect(asked).toHaveLength(5);
  });

  it('does not hold a wrong number against the provider', async () => {
    const dispatcher = withProviders({ only: 'REJECTED' });
    for (let turn = 0; turn < 20; turn += 1) await dispatcher.attempt(message, 'out_1');
    expect(asked).toHaveLength(20);
  });

  it('counts and times every try', async () => {
    const dispatcher = withProviders({ first: 'REFUSED', second: undefined });
    await dispatcher.attempt(message, 'out_1');
    const labels = { channel: 'sms' };
    expect(await value('providerMessages', { ...labels, provider: 'first', outcome: 'failed' })).toBe(1);
    expect(await value('providerMessages', { ...labels, provider: 'second', outcome: 'sent' })).toBe(1);
    const text = await metrics.registry.metrics();
    expect(text).toContain('factorgate_provider_seconds_count{provider="first",channel="sms"} 1');
  });
});
