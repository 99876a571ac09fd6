/** Longer than most: one receiver, one clock and one queue, on which every promise about sending is tried. */
import { Webhook } from 'standardwebhooks';
import { runCommand } from '../../src/commands';
import {
  AuditRecorder,
  WebhookAddresses,
  WebhookSender,
  WebhookWorker,
  type AuditEntry,
  type Webhooks,
} from '../../src/features/events';
import { createLog, systemChance } from '../../src/platform';
import { describeOnEachBackend } from '../support/backends';
import { World } from '../support/world';
import { Carrier, deadUrl, type Answer, type Seen } from './delivery-support';

const ALL_BUT_INTERVALS = [
  'Date',
  'hrtime',
  'nextTick',
  'performance',
  'queueMicrotask',
  'setImmediate',
  'clearImmediate',
  'setTimeout',
  'clearTimeout',
] as const;
type Listed = Awaited<ReturnType<Webhooks['list']>>[number];
const HOUR = 3600;
const DAY = 24 * HOUR;
const by = (userId: string, more: Partial<AuditEntry> = {}): AuditEntry => ({
  type: 'SIGN_IN_COMPLETED',
  outcome: 'SUCCESS',
  userId,
  ...more,
});

describeOnEachBackend('webhooks', (backend) => {
  let world: World;
  let recorder: AuditRecorder;
  let receiver: Carrier;
  beforeAll(async () => {
    world = await World.open(backend, { gateways: 2 });
    recorder = new AuditRecorder(world.clock, systemChance);
    receiver = await Carrier.open(() => ({ status: 204 }));
  });
  afterAll(async () => {
    await receiver.close();
    await world.close();
  });
  beforeEach(async () => {
    await world.database.rows('DELETE FROM webhook_endpoint');
    await world.database.rows('DELETE FROM dev_inbox');
    receiver.answer = () => ({ status: 204 });
    receiver.seen.length = 0;
  });

  const until = async (isTrue: () => boolean): Promise<void> => {
    while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const add = (types: string[] = ['sign_in.completed']) =>
    world.a.app.webhooks.add(`${receiver.url}/hook`, types);
  const record = (...entries: AuditEntry[]) => recorder.record(world.database, ...entries);
  const deliver = async (): Promise<number> => world.a.app.webhookWorker.deliverDue();
  const listed = async (): Promise<Listed> => (await world.a.app.webhooks.list())[0] as Listed;
  const run = async (...command: string[]): Promise<{ exit: number; lines: string[] }> => {
    const lines: string[] = [];
    return { exit: await runCommand(world.a.app, command, (line) => lines.push(line)), lines };
  };
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the thin payload, as a receiver reads it
  const bodies = (): any[] => receiver.seen.map(({ body }) => JSON.parse(body));
  const heardOf = (): string[] => bodies().map(({ data }) => data.userId as string);
  const ids = (): (string | string[] | undefined)[] =>
    receiver.seen.map(({ headers }) => headers['webhook-id']);
  const failing =
    (isRefused: (userId: string) => boolean, status = 500) =>
    ({ body }: Seen): Answer => ({
      status: isRefused((JSON.parse(body) as { data: { userId: string } }).data.userId) ? status : 204,
    });
  /** A worker that waits a second for an answer, not five. */
  const impatient = (): WebhookWorker =>
    new WebhookWorker({
      database: world.database,
      keyring: world.keyring,
      clock: world.clock,
      chance: systemChance,
      log: createLog('silent'),
      recorder,
      sender: new WebhookSender(new WebhookAddresses({ privateNetworks: [], isLoopbackAllowed: true }), 1000),
      parked: () => Promise.resolve(),
    });
  /** By the official library, at the time that the gateways have. */
  const isVerified = (secret: string, { raw, headers }: Seen): boolean => {
    const now = jest.spyOn(Date, 'now').mockReturnValue(world.now().getTime());
    try {
      new Webhook(secret).verify(raw, headers as Record<string, string>);
      return true;
    } catch {
      return false;
    } finally {
      now.mockRestore();
    }
  };

  it('tell of an event once, by ids alone, signed as Standard Webhooks says', async () => {
    const { secret } = await add([]);
    await deliver();
    receiver.seen.length = 0;
    const context = { ipAddress: '203.0.113.7', location: null, browser: 'Firefox', operatingSystem: null };
    const told = { flowId: 'flw_1', factorKind: 'TOTP', reason: 'why', note: 'a note', context };
    await record(by('usr_ada', { ...told, actorId: 'usr_grace', sessionId: 'ses_1', requestId: 'r-1' }));
    expect([await deliver(), await deliver()]).toEqual([1, 0]);
    const [seen] = receiver.seen as [Seen];
    expect(JSON.parse(seen.body)).toEqual({
      type: 'sign_in.completed',
      timestamp: world.now().toISOString(),
      data: {
        id: seen.headers['webhook-id'],
        userId: 'usr_ada',
        actorId: 'usr_grace',
        outcome: 'SUCCESS',
        flowId: 'flw_1',
        factorKind: 'TOTP',
      },
    });
    expect([seen.method, seen.path, seen.headers['content-type']]).toEqual([
      'POST',
      '/hook',
      'application/json',
    ]);
    expect(isVerified(secret, seen)).toBe(true);
    expect(isVerified(secret, { ...seen, raw: Buffer.from(`${seen.body} `) })).toBe(false);
    await world.advance(600);
    expect(isVerified(secret, seen)).toBe(false);
  });

  it('tell of what was committed and of nothing else (LOG-03)', async () => {
    await add();
    const broken = world.database.transaction(async (tx) => {
      await recorder.record(tx, by('usr_never'));
      throw new Error('broken');
    });
    await expect(broken).rejects.toThrow('broken');
    await record(by('usr_ada', { type: 'SIGN_OUT' }), by('usr_ada'));
    await deliver();
    expect(bodies().map(({ type, data }) => [type, data.userId])).toEqual([['sign_in.completed', 'usr_ada']]);
  });

  it('sign with both secrets for 24 hours after a rotation, then with the new one', async () => {
    const { secret, endpoint } = await add();
    const rotated = await world.b.app.webhooks.rotate(endpoint.id);
    await record(by('usr_ada'));
    await deliver();
    const [during] = receiver.seen as [Seen];
    expect([isVerified(secret, during), isVerified(rotated.secret, during)]).toEqual([true, true]);
    await world.advance(DAY + 1);
    await record(by('usr_ada'));
    await deliver();
    const after = receiver.seen[1] as Seen;
    expect([isVerified(secret, after), isVerified(rotated.secret, after)]).toEqual([false, true]);
  });

  it('are sent once to each endpoint by workers that race over 50 events, those of a user in order', async () => {
    await add();
    await world.a.app.webhooks.add(`${receiver.url}/other`, ['sign_in.completed']);
    receiver.answer = ({ body }) => ({ status: 204, afterMs: body.length % 5 });
    const users = Array.from({ length: 5 }, (_, index) => `usr_${String(index)}`);
    for (let turn = 0; turn < 10; turn += 1)
      await record(...users.map((user) => by(user, { flowId: `flw_${String(turn)}` })));
    const workers = [world.a.app.webhookWorker, world.b.app.webhookWorker];
    const drained = async () => {
      let sent = 0;
      for (const worker of workers) sent += await worker.deliverDue();
      return sent;
    };
    await Promise.all(workers.map((worker) => worker.deliverDue()));
    while ((await drained()) > 0);
    for (const path of ['/hook', '/other']) {
      const seen = receiver.seen.filter((one) => one.path === path);
      expect(seen).toHaveLength(50);
      expect(new Set(seen.map(({ headers }) => headers['webhook-id'])).size).toBe(50);
      for (const user of users) {
        const flows = seen.map(({ body }) => JSON.parse(body).data).filter(({ userId }) => userId === user);
        expect(flows.map(({ flowId }) => flowId)).toEqual(
          Array.from({ length: 10 }, (_, turn) => `flw_${String(turn)}`),
        );
      }
    }
  });

  it('try again after 5 s, then less and less often; later events of the same user wait, others do not', async () => {
    await add();
    receiver.answer = failing((user) => user === 'usr_ada');
    await record(by('usr_ada'), by('usr_grace'), by('usr_ada', { flowId: 'flw_2' }));
    await deliver();
    expect(heardOf().sort()).toEqual(['usr_ada', 'usr_grace']);
    await world.advance(4);
    expect(await deliver()).toBe(0);
    await world.advance(3);
    await deliver();
    expect(heardOf()).toHaveLength(3);
    await world.advance(7);
    await deliver();
    expect(heardOf()).toHaveLength(3);
    receiver.answer = () => ({ status: 200 });
    await world.advance(20);
    expect(await deliver()).toBe(2);
    expect(new Set(ids().filter((_, index) => heardOf()[index] === 'usr_ada')).size).toBe(2);
    expect(bodies().at(-1)).toMatchObject({ data: { userId: 'usr_ada', flowId: 'flw_2' } });
  });

  it('find what may be sent behind a thousand events that must wait', async () => {
    await add();
    receiver.answer = failing((user) => user === 'usr_ada');
    await record(...Array<AuditEntry>(1000).fill(by('usr_ada')), by('usr_grace'));
    await deliver();
    expect(heardOf()).toEqual(['usr_ada', 'usr_grace']);
    receiver.answer = () => ({ status: 204 });
    await world.advance(10);
    const sent = deliver();
    await until(() => receiver.seen.length > 20);
    await world.a.app.webhookWorker.stop();
    await sent;
    expect(new Set(ids()).size).toBe(receiver.seen.length - 1);
  });

  it('park an endpoint that has taken nothing for three days, tell administrators, and send all when it is resumed', async () => {
    const admin = await world.user({ roles: ['ADMIN'] });
    const { endpoint } = await add();
    receiver.answer = () => ({ status: 503 });
    await record(by('usr_ada'), by('usr_ada'));
    let tries = 0;
    for (; (await listed()).state === 'ACTIVE'; tries += 1) {
      expect(tries).toBeLessThan(40);
      await deliver();
      await world.advance(tries < 7 ? 4 * 5 * 4 ** tries : 10 * HOUR);
    }
    expect(tries).toBeGreaterThan(10);
    expect(await listed()).toMatchObject({ state: 'PARKED', waiting: 2, lastFault: 'answered 503' });
    const told = (await world.inbox()).filter(({ to }) => to === admin.email);
    expect(told.map(({ text }) => text).join()).toContain(`factorgate webhooks resume ${endpoint.id}`);
    const parked = await world.database.rows(
      `SELECT outcome, reason FROM audit_event WHERE type = 'WEBHOOK_CHANGED' ORDER BY id DESC LIMIT 1`,
    );
    expect(parked).toEqual([{ outcome: 'FAILURE', reason: 'parked' }]);
    receiver.answer = () => ({ status: 204 });
    receiver.seen.length = 0;
    await record(by('usr_ada'));
    expect(await deliver()).toBe(0);
    await world.a.app.webhooks.resume(endpoint.id);
    expect(await deliver()).toBe(3);
  });

  it('give up one event that its receiver cannot bear, where others are taken', async () => {
    await add();
    receiver.answer = failing((user) => user === 'usr_poison');
    await record(by('usr_poison'), by('usr_poison', { flowId: 'flw_2' }));
    await deliver();
    await world.advance(DAY);
    await record(by('usr_ada'));
    await deliver();
    await world.advance(3 * DAY);
    await deliver();
    expect(await listed()).toMatchObject({ state: 'ACTIVE' });
    const rows = await world.database.rows(
      `SELECT state FROM webhook_delivery WHERE lane = 'usr_poison' ORDER BY seq`,
    );
    expect(rows).toEqual([{ state: 'FAILED' }, { state: 'QUEUED' }]);
  });

  it('are parked at once by 410', async () => {
    await add();
    receiver.answer = () => ({ status: 410 });
    await record(by('usr_ada'));
    await deliver();
    expect(await listed()).toMatchObject({ state: 'PARKED', waiting: 1 });
  });

  it('are sent by the gateway that starts next where one ended between commit and send', async () => {
    await add();
    await record(by('usr_ada'));
    await world.restart();
    expect(await deliver()).toBe(1);
  });

  it('are sent once more, with the same id, where a process ends while it sends, after its lease', async () => {
    await add();
    receiver.answer = () => 'hang';
    await record(by('usr_ada'));
    const dying = impatient().deliverDue();
    await until(() => receiver.seen.length > 0);
    receiver.answer = () => ({ status: 204 });
    await world.advance(19);
    expect(await world.b.app.webhookWorker.deliverDue()).toBe(0);
    await world.advance(2);
    expect(await world.b.app.webhookWorker.deliverDue()).toBe(1);
    expect(new Set(ids()).size).toBe(1);
    expect(ids()).toHaveLength(2);
    // The first one gives up in the end, and changes nothing any more.
    expect(await dying).toBe(0);
    expect(await listed()).toMatchObject({ waiting: 0 });
  });

  it('are sent by the process that wrote the event right after its commit', async () => {
    await add();
    // Without the look each two seconds.
    jest.useFakeTimers({ doNotFake: [...ALL_BUT_INTERVALS] });
    world.a.app.webhookWorker.start();
    const user = await world.user();
    await user.signIn();
    await until(() => receiver.seen.length > 0);
    await world.a.app.webhookWorker.stop();
    jest.useRealTimers();
    expect(heardOf()).toEqual([user.id]);
  });

  it('wait while they are paused, and can be sent again from the log', async () => {
    const { endpoint } = await add();
    await world.a.app.webhooks.pause(endpoint.id);
    await world.advance(1);
    const since = world.now();
    await record(by('usr_ada'), by('usr_grace'));
    expect(await deliver()).toBe(0);
    await world.a.app.webhooks.resume(endpoint.id);
    expect(await deliver()).toBe(2);
    const first = ids();
    expect(await world.a.app.webhooks.redeliver(endpoint.id, since)).toBe(2);
    expect(await deliver()).toBe(2);
    expect(ids().slice(2).sort()).toEqual([...first].sort());
    const old = new Date(world.now().getTime() - 31 * DAY * 1000);
    await expect(world.a.app.webhooks.redeliver(endpoint.id, old)).rejects.toThrow('INVALID_INPUT');
  });

  it('are kept for 30 days and no longer', async () => {
    const { endpoint } = await add();
    await world.a.app.webhooks.pause(endpoint.id);
    await record(by('usr_ada'));
    await world.advance(31 * DAY);
    const { sweepDeliveries } =
      await import('../../src/features/events/webhooks/webhook-deliveries.store.js');
    await sweepDeliveries(world.database);
    expect(await listed()).toMatchObject({ waiting: 0 });
  });

  it('are managed by commands, which show a secret once and keep it sealed', async () => {
    const added = await run('webhooks', 'add', receiver.url, 'sign_in.completed,factor.removed');
    const secret = /secret: (whsec_\S+)/.exec(added.lines.join('\n'))?.[1] ?? '';
    const { id } = await listed();
    expect(Buffer.from(secret.slice(6), 'base64')).toHaveLength(32);
    const { lines } = await run('webhooks', 'list');
    expect(lines).toEqual([`${id}  active  ${receiver.url}/  sign_in.completed,factor.removed  0 waiting`]);
    expect((await run('webhooks', 'pause', id)).lines[0]).toContain('paused');
    expect((await run('webhooks', 'resume', id)).lines[0]).toContain('active');
    expect(await run('webhooks', 'test', id)).toEqual({ exit: 0, lines: ['answered 204'] });
    expect(isVerified(secret, receiver.seen[0] as Seen)).toBe(true);
    expect((await run('webhooks', 'redeliver', id, 'soon')).exit).toBe(1);
    const everything = JSON.stringify([
      await world.database.rows('SELECT * FROM webhook_endpoint'),
      await world.database.rows(`SELECT * FROM audit_event WHERE type = 'WEBHOOK_CHANGED'`),
      world.logged,
    ]);
    expect(everything).not.toContain(secret.slice(6));
    expect((await run('webhooks', 'remove', id)).exit).toBe(0);
    expect((await run('webhooks', 'remove', id)).exit).toBe(1);
    expect((await run('webhooks', 'add', receiver.url, 'no.such')).lines[0]).toContain('sign_in.completed');
  });

  it('never lead to an address that is not public, and are not added for one', async () => {
    const refused = [
      'http://example.com/',
      'ftp://example.com/',
      'https://user:secret@example.com/',
      'https://10.0.0.1/',
      'https://169.254.169.254/latest/meta-data',
      'https://[::ffff:10.0.0.1]/',
      'https://[fe80::1]/',
      'https://0x0a000001/',
      'no url',
    ];
    for (const url of refused) expect((await run('webhooks', 'add', url)).exit).toBe(1);
    expect(await world.a.app.webhooks.list()).toEqual([]);
  });
});

describe('the sender of webhooks', () => {
  const loopback = new WebhookAddresses({ privateNetworks: [], isLoopbackAllowed: true });
  const outside = new WebhookAddresses({ privateNetworks: [], isLoopbackAllowed: false });
  let receiver: Carrier;
  afterEach(() => receiver.close());
  const post = (url: string, addresses = loopback) => new WebhookSender(addresses, 300).post(url, {}, '{}');

  it('judges the address that it connects to: a name that leads inside leads nowhere', async () => {
    receiver = await Carrier.open(() => ({ status: 204 }));
    const port = new URL(receiver.url).port;
    expect(await post(`https://localhost:${port}/`, outside)).toEqual({
      fault: 'the name stands for an address that is not public',
    });
    expect(receiver.seen).toEqual([]);
  });

  it('follows no redirect, waits five seconds at most, and reads 64 KiB of an answer at most', async () => {
    receiver = await Carrier.open(({ path }): Answer | 'hang' =>
      path === '/moved'
        ? { status: 302, headers: { location: `${receiver.url}/elsewhere` } }
        : path === '/long'
          ? { status: 200, body: 'x'.repeat(2_000_000) }
          : 'hang',
    );
    expect(await post(`${receiver.url}/moved`)).toEqual({ status: 302 });
    expect(await post(`${receiver.url}/long`)).toEqual({ status: 200 });
    expect(await post(`${receiver.url}/slow`)).toEqual({ fault: 'no answer within 300 ms' });
    expect(await post(await deadUrl())).toEqual({ fault: 'ECONNREFUSED' });
    expect(receiver.seen.map(({ path }) => path)).toEqual(['/moved', '/long', '/slow']);
  });
});
