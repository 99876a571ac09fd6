import { Metrics, createLog } from '../platform';
import { Dispatcher } from './dispatcher';
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
  new Dispatcher([{ name: 'carrier', channel: 'sms', send }], new Metrics(), log, timeout);
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

it('does not wait for a provider that hangs, and tells it so', async () => {
  let told: AbortSignal | undefined;
  const dispatcher = withProvider((_, __, signal) => {
    told = signal;
    return new Promise(() => undefined);
  }, 20);
  expect(await dispatcher.attempt(message, 'out_1')).toBe('NOT_TAKEN');
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
