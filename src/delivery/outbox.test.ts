/** Longer than most: one suite, so that every guarantee is tried on the same clock, carriers and log. */
import { describeOnEachBackend, describeOnServers, type OpenBackend } from '../../test/support/backends';
import {
  Keyring,
  Metrics,
  createLog,
  newKeyringLine,
  parseKeyring,
  systemChance,
  systemClock,
  type Database,
  type Sql,
} from '../platform';
import {
  DeliveryFailure,
  Dispatcher,
  Outbox,
  OutboxStore,
  deliveryFeature,
  type DeliveryProvider,
  type Message,
} from '.';

const parsed = parseKeyring(newKeyringLine(systemChance));
const keyring = new Keyring('keys' in parsed ? parsed.keys : [], systemChance);
/** The timers of the worker stand still; everything else runs as ever. */
const STANDING: Parameters<typeof jest.useFakeTimers>[0] = {
  doNotFake: [
    'Date',
    'hrtime',
    'nextTick',
    'performance',
    'queueMicrotask',
    'setImmediate',
    'clearImmediate',
    'setTimeout',
    'clearTimeout',
  ],
};

const sms = (text: string, more: Partial<Message> = {}): Message => ({
  channel: 'sms',
  to: '+15550100',
  subject: 'Your code',
  text,
  ...more,
});

/** Remembers what it was given; `fail` decides before it is taken, and may throw or hang. */
function carrier(
  channel: Message['channel'] = 'sms',
  fail: (nth: number) => Promise<void> = () => Promise.resolve(),
) {
  const taken: { id: string; message: Message }[] = [];
  let tries = 0;
  const provider: DeliveryProvider = {
    name: 'test-carrier',
    channel,
    async send(message, id) {
      await fail((tries += 1));
      taken.push({ id, message });
    },
  };
  return { provider, taken, texts: () => taken.map(({ message }) => message.text), tries: () => tries };
}
const refuse = () => Promise.reject(new Error('503 from the carrier'));
const never = () => new Promise<never>(() => undefined);

describeOnEachBackend('the outbox', (backend) => {
  let database: Database;
  let opened: OpenBackend;
  let logged: string;
  let metrics: Metrics;
  let heard: [string, string][];
  let timeout: number | undefined;
  const started: Outbox[] = [];

  beforeAll(async () => {
    ({ database } = opened = await backend.open([deliveryFeature]));
    await database.rows('CREATE TABLE test_clock (ahead interval NOT NULL)');
    await database.rows(`INSERT INTO test_clock VALUES ('0')`);
    await database.rows(`CREATE OR REPLACE FUNCTION gateway_now() RETURNS timestamptz LANGUAGE sql VOLATILE
      AS 'SELECT clock_timestamp() + ahead FROM test_clock'`);
  });
  afterAll(() => opened.close());
  beforeEach(async () => {
    await database.rows('TRUNCATE outbox, dev_inbox');
    await database.rows(`UPDATE test_clock SET ahead = '0'`);
    [logged, metrics, heard, timeout] = ['', new Metrics(), [], undefined];
  });
  afterEach(() => Promise.all(started.splice(0).map((outbox) => outbox.stop())));

  const log = () => createLog('debug', { write: (line: string) => void (logged += line) });
  function newOutbox(...providers: DeliveryProvider[]): Outbox {
    const store = new OutboxStore(database, keyring, systemClock, systemChance);
    const dispatcher = new Dispatcher(providers, metrics, log(), systemClock, timeout);
    const port = {
      onDelivery: (reference: string, state: string) => Promise.resolve(void heard.push([reference, state])),
      onUnreachable: (channel: string, to: string) => Promise.resolve(void heard.push([channel, to])),
    };
    return new Outbox(store, dispatcher, port, systemChance, log());
  }
  const add = (outbox: Outbox, ...messages: Message[]) =>
    database.transaction((tx) => outbox.add(tx, messages, 'chl_1'));
  const later = (interval: string) =>
    database.rows('UPDATE test_clock SET ahead = ahead + $1::interval', [interval]);
  const rows = () =>
    database.rows<{ state: string; sealed: string | null; attempts: number }>(
      'SELECT state, sealed, attempts FROM outbox ORDER BY id',
    );
  const counted = async () =>
    (await metrics.messages.get()).values.map(({ labels, value }) =>
      [labels.channel, labels.outcome, value].join(' '),
    );
  const until = async (isSo: () => boolean) => {
    for (const end = Date.now() + 20_000; !isSo() && Date.now() < end;)
      await new Promise((turn) => setTimeout(turn, 5));
    expect(isSo()).toBe(true);
  };

  it('hands a message to the provider of its channel, whole, and tells how it ended', async () => {
    const [phone, mail] = [carrier('sms'), carrier('email')];
    const outbox = newOutbox(phone.provider, mail.provider);
    const message = sms('one', { data: { a: 'ü' }, expiresAt: new Date(Date.now() + 60_000) });
    await add(outbox, message, { channel: 'email', to: 'a@example.com', subject: 's', text: 'two' });
    expect(await outbox.deliverDue()).toBe(2);
    expect(phone.taken.map((one) => one.message)).toEqual([message]);
    expect(mail.texts()).toEqual(['two']);
    expect(heard).toEqual([
      ['chl_1', 'SENT'],
      ['chl_1', 'SENT'],
    ]);
    expect((await counted()).sort()).toEqual(['email sent 1', 'sms sent 1']);
    expect(await outbox.deliverDue()).toBe(0);
  });

  it('holds a message of a transaction that was rolled back for nobody', async () => {
    const { provider, tries } = carrier();
    const outbox = newOutbox(provider);
    await expect(
      database.transaction(async (tx) => {
        await outbox.add(tx, [sms('one')]);
        throw new Error('broken');
      }),
    ).rejects.toThrow('broken');
    expect([await outbox.deliverDue(), tries()]).toEqual([0, 0]);
  });

  it('holds nothing readable while a message waits, and nothing at all afterwards', async () => {
    const outbox = newOutbox(carrier().provider);
    await add(outbox, sms('Your code is 814633', { data: { code: '814633' } }));
    const waiting = JSON.stringify(await database.rows('SELECT * FROM outbox'));
    for (const secret of ['814633', '15550100', 'Your code', Buffer.from('814633').toString('base64url')]) {
      expect(waiting).not.toContain(secret);
    }
    await outbox.deliverDue();
    expect(await rows()).toEqual([{ state: 'SENT', sealed: null, attempts: 1 }]);
  });

  it('opens a sealed message only in its own row', async () => {
    const { provider, tries } = carrier();
    const outbox = newOutbox(provider);
    await add(outbox, sms('one'), sms('two'));
    await database.rows('UPDATE outbox SET sealed = (SELECT sealed FROM outbox ORDER BY id LIMIT 1)');
    await outbox.deliverDue();
    expect(tries()).toBe(1);
    expect(logged).toContain('cannot be opened');
  });

  it('sends without waiting for the timer once the transaction is committed', async () => {
    const { provider, texts } = carrier();
    const outbox = newOutbox(provider);
    jest.useFakeTimers(STANDING);
    started.push(outbox);
    outbox.start();
    jest.useRealTimers();
    await add(outbox, sms('one'));
    await until(() => texts().length === 1);
  });

  it('tries again, later each time, until the provider takes it', async () => {
    const { provider, texts, tries } = carrier('sms', (nth) => (nth < 4 ? refuse() : Promise.resolve()));
    const outbox = newOutbox(provider);
    await add(outbox, sms('one'));
    for (const longest of ['2 s', '6 s', '18 s']) {
      await outbox.deliverDue();
      expect(await outbox.deliverDue()).toBe(0);
      await later(longest);
    }
    expect(tries()).toBe(3);
    expect(heard).toEqual([]);
    expect(await outbox.deliverDue()).toBe(1);
    expect(texts()).toEqual(['one']);
    expect(heard).toEqual([['chl_1', 'SENT']]);
  });

  it('gives up after five tries', async () => {
    const { provider, tries } = carrier('sms', refuse);
    const outbox = newOutbox(provider);
    await add(outbox, sms('one'));
    for (let turn = 0; turn < 8; turn += 1) {
      expect(await outbox.deliverDue()).toBe(0);
      await later('1 min');
    }
    expect(tries()).toBe(5);
    expect(await rows()).toEqual([{ state: 'FAILED', sealed: null, attempts: 5 }]);
    expect(heard).toEqual([['chl_1', 'FAILED']]);
    expect(await counted()).toEqual(['sms failed 1']);
  });

  it('drops an expired message unsent', async () => {
    const { provider, tries } = carrier();
    const outbox = newOutbox(provider);
    await add(outbox, sms('one', { expiresAt: new Date(Date.now() + 60_000) }));
    await later('61 s');
    expect(await outbox.deliverDue()).toBe(0);
    expect(tries()).toBe(0);
    expect(await rows()).toEqual([{ state: 'FAILED', sealed: null, attempts: 1 }]);
    expect(heard).toEqual([['chl_1', 'FAILED']]);
  });

  it('does not put a message off beyond its expiry', async () => {
    const outbox = newOutbox(carrier('sms', refuse).provider);
    await add(outbox, sms('one', { expiresAt: new Date(Date.now() + 900) }));
    await outbox.deliverDue();
    expect(heard).toEqual([['chl_1', 'FAILED']]);
  });

  it('waits for a hanging provider no longer than its time, beside other channels', async () => {
    timeout = 50;
    const hanging = carrier('sms', never);
    const push = carrier('push');
    const outbox = newOutbox(hanging.provider, push.provider);
    started.push(outbox);
    outbox.start();
    await add(outbox, sms('one'));
    await until(() => hanging.tries() === 1);
    await add(outbox, { channel: 'push', to: 'dev_1', subject: '', text: 'push' });
    await until(() => push.texts().length === 1);
    await until(() => logged.includes('no answer within 50 ms'));
    await outbox.stop();
    expect(await rows()).toEqual([
      expect.objectContaining({ state: 'FAILED', sealed: null }),
      expect.objectContaining({ state: 'SENT', sealed: null }),
    ]);
  });

  it('two processes that race over 200 messages send each exactly once', async () => {
    const slow = () => new Promise<void>((resolve) => setTimeout(resolve, Math.random() * 5));
    const [one, other] = [carrier('sms', slow), carrier('sms', slow)];
    const [first, second] = [newOutbox(one.provider), newOutbox(other.provider)];
    await add(first, ...Array.from({ length: 200 }, (_, index) => sms(String(index))));
    await Promise.all([first.deliverDue(), second.deliverDue(), first.deliverDue(), second.deliverDue()]);
    const texts = [...one.texts(), ...other.texts()];
    expect(texts).toHaveLength(200);
    expect(new Set(texts).size).toBe(200);
    expect(one.texts().length * other.texts().length).toBeGreaterThan(0);
  });

  it('a process that dies while it sends costs one copy of the same message, after its lease', async () => {
    let wake = (): void => undefined;
    const asleep = carrier('sms', () => new Promise((resolve) => (wake = resolve)));
    const store = new OutboxStore(database, keyring, systemClock, systemChance);
    const port = {
      onDelivery: () => Promise.resolve(void heard.push(['from the dead', 'SENT'])),
      onUnreachable: () => Promise.resolve(),
    };
    const dying = new Outbox(
      store,
      new Dispatcher([asleep.provider], metrics, log(), systemClock, 60_000),
      port,
      systemChance,
      log(),
    );
    await add(dying, sms('one'));
    const dead = dying.deliverDue();
    await until(() => asleep.tries() === 1);

    const alive = carrier();
    const outbox = newOutbox(alive.provider);
    await later('29 s');
    expect(await outbox.deliverDue()).toBe(0);
    await later('2 s');
    expect(await outbox.deliverDue()).toBe(1);
    expect(await outbox.deliverDue()).toBe(0);

    // Should it wake up after all, it tells nobody: the message is no longer its own.
    wake();
    expect(await dead).toBe(0);
    expect(alive.taken).toEqual(asleep.taken);
    expect(heard).toEqual([['chl_1', 'SENT']]);
    expect(await counted()).toEqual(['sms sent 1']);
  });

  it('a destination that exists no more is tried once, and told of', async () => {
    const gone = carrier('push', () => Promise.reject(new DeliveryFailure('GONE', '404 UNREGISTERED')));
    const outbox = newOutbox(gone.provider);
    await add(outbox, { ...sms('one'), channel: 'push', to: 'dev_1' });
    expect(await outbox.deliverDue()).toBe(0);
    await later('5 min');
    await outbox.deliverDue();
    expect(gone.tries()).toBe(1);
    expect(heard).toEqual([
      ['chl_1', 'FAILED'],
      ['push', 'dev_1'],
    ]);
  });

  it('an SMS of which nobody knows whether it went out is not sent again, an e-mail is', async () => {
    const uncertain = () => Promise.reject(new DeliveryFailure('UNCERTAIN', 'socket hang up'));
    const [carrying, mailing] = [carrier('sms', uncertain), carrier('email', uncertain)];
    const outbox = newOutbox(carrying.provider, mailing.provider);
    await add(outbox, sms('one'), { ...sms('two'), channel: 'email' });
    await outbox.deliverDue();
    expect(heard).toEqual([['chl_1', 'FAILED']]);
    await later('1 min');
    await outbox.deliverDue();
    expect([carrying.tries(), mailing.tries()]).toEqual([1, 2]);
  });

  it('a message that ends every process that sends it is given up', async () => {
    const outbox = newOutbox(carrier('sms', refuse).provider);
    await add(outbox, sms('one'));
    await database.rows(`UPDATE outbox SET attempts = 5`);
    await outbox.deliverDue();
    expect(heard).toEqual([['chl_1', 'FAILED']]);
  });

  it('marks what was sent although the database was away for a moment', async () => {
    const { provider, taken } = carrier();
    let failures = 2;
    class Shaky extends OutboxStore {
      override settle(...args: Parameters<OutboxStore['settle']>): Promise<boolean> {
        return (failures -= 1) >= 0 ? Promise.reject(new Error('ECONNRESET')) : super.settle(...args);
      }
    }
    const store = new Shaky(database, keyring, systemClock, systemChance);
    const nobody = () => Promise.reject(new Error('nobody home'));
    const port = { onDelivery: nobody, onUnreachable: nobody };
    const outbox = new Outbox(
      store,
      new Dispatcher([provider], metrics, log(), systemClock),
      port,
      systemChance,
      log(),
    );
    await add(outbox, sms('one'));
    expect(await outbox.deliverDue()).toBe(1);
    await later('1 min');
    expect(await outbox.deliverDue()).toBe(0);
    expect(taken).toHaveLength(1);
  });

  it('removes what was settled 30 days ago, and nothing that still waits', async () => {
    const outbox = newOutbox(carrier('sms').provider);
    const store = new OutboxStore(database, keyring, systemClock, systemChance);
    await add(outbox, sms('one'));
    await outbox.deliverDue();
    await add(outbox, sms('two'));
    await later('29 days');
    expect(await store.sweep()).toBe(0);
    await later('2 days');
    expect(await store.sweep()).toBe(1);
    expect(await rows()).toEqual([expect.objectContaining({ state: 'QUEUED' })]);
  });
});

describeOnServers('the outbox, with many sessions', (postgres) => {
  it('messages that another process is just taking up are passed over, and not waited for', async () => {
    const opened = await postgres.open([deliveryFeature]);
    const { database } = opened;
    const store = (sql: Sql) => new OutboxStore(sql, keyring, systemClock, systemChance);
    await database.transaction((tx) => store(tx).add(tx, [sms('one'), sms('two'), sms('three')], undefined));
    const [mine, theirs] = await database.transaction(async (tx) => {
      const claimed = await store(tx).claim('sms', 2);
      return [claimed, await store(database).claim('sms', 20)] as const;
    });
    expect([mine.length, theirs.length]).toEqual([2, 1]);
    expect(new Set([...mine, ...theirs].map(({ id }) => id)).size).toBe(3);
    expect(await store(database).claim('sms', 20)).toEqual([]);
    await opened.close();
  });
});
