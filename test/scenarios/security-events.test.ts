import { AuditRecorder, type AuditEntry } from '../../src/features/events';
import { systemChance } from '../../src/platform';
import { describeOnEachBackend, describeOnServers } from '../support/backends';
import { follow, type Followed } from '../support/follow';
import { World, type TestGateway, type TestUser } from '../support/world';

const QUERY = `subscription($userId: ID) { securityEvents(userId: $userId) {
  id type outcome occurredAt user { id } context { browser } } }`;
const until = async (isTrue: () => boolean): Promise<void> => {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 5));
};

describeOnEachBackend('security events', (backend) => {
  let world: World;
  let user: TestUser;
  let silent: AuditRecorder;
  const open: Followed[] = [];
  beforeAll(async () => {
    world = await World.open(backend, { gateways: 2 });
    // It rings no bell.
    silent = new AuditRecorder(world.clock, systemChance);
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.advance(3600);
    user = await world.user();
  });
  afterEach(async () => {
    open.splice(0).forEach((stream) => stream.stop());
    await until(() => world.gateways.every(({ app }) => app.auditFeed.count === 0));
  });

  const subscribe = (authorization: string | undefined, userId?: string, gateway = world.b): Followed => {
    const url = `${gateway.url.replace('http', 'ws')}/graphql`;
    const stream = follow(url, { query: QUERY, variables: { userId } }, 'securityEvents', authorization);
    stream.ended.catch(() => undefined);
    open.push(stream);
    return stream;
  };
  const listening = async (
    authorization: string,
    userId?: string,
    gateway: TestGateway = world.b,
  ): Promise<Followed> => {
    const before = gateway.app.auditFeed.count;
    const stream = subscribe(authorization, userId, gateway);
    await until(() => gateway.app.auditFeed.count > before);
    return stream;
  };
  const of = (userId: string, more: Partial<AuditEntry> = {}): AuditEntry => ({
    type: 'SIGN_OUT',
    outcome: 'SUCCESS',
    userId,
    ...more,
  });
  const isDone = ({ type }: { type: string }): boolean => type === 'SIGN_IN_COMPLETED';
  const refusedWith = (stream: Followed): Promise<string> =>
    stream.ended.then(
      () => 'ended',
      (error: unknown) => /"code":"(\w+)"/.exec(String(error))?.[1] ?? String(error),
    );
  const everyone = (gateway: TestGateway, roles: ('HELP_DESK' | 'ADMIN')[], userId?: string) =>
    world.user({ roles }).then(async (one) => {
      const authorization = await one.firstSignIn();
      return { one, authorization, stream: await listening(authorization, userId, gateway) };
    });

  it('come to the user whose sign-in happens on another process, at once, and to nobody else', async () => {
    const stream = await listening(await user.firstSignIn());
    const other = await world.user();
    const others = await listening(await other.firstSignIn());
    const began = performance.now();
    await user.signIn();
    const done = await stream.until(isDone);
    // The three-second look would hide a lost bell.
    expect(performance.now() - began).toBeLessThan(2500);
    expect(done).toMatchObject({ outcome: 'SUCCESS', user: { id: user.id }, context: { browser: null } });
    await world.b.app.auditFeed.lookNow();
    expect(new Set(stream.states.map((event) => event.id)).size).toBe(stream.states.length);
    expect(others.states).toEqual([]);
  });

  it('tell nothing of what was before', async () => {
    await user.signIn();
    const stream = await listening(await user.firstSignIn());
    await silent.record(world.database, of(user.id));
    await world.b.app.auditFeed.lookNow();
    await stream.until(({ type }) => type === 'SIGN_OUT');
    expect(stream.states).toHaveLength(1);
  });

  it('of everybody, or of one user, come to help desk and administrators only', async () => {
    const { stream: all } = await everyone(world.b, ['ADMIN']);
    const { stream: desk } = await everyone(world.a, ['HELP_DESK'], user.id);
    const other = await world.user();
    await other.signIn();
    await user.signIn();
    await desk.until(isDone);
    await all.until((event) => isDone(event) && event.user.id === user.id);
    expect(new Set(desk.states.map((event) => event.user.id))).toEqual(new Set([user.id]));
    expect(all.states.some((event) => event.user?.id === other.id)).toBe(true);

    expect(await refusedWith(subscribe(await other.firstSignIn(), user.id))).toBe('FORBIDDEN');
    expect(await refusedWith(subscribe(undefined))).toBe('UNAUTHENTICATED');
    expect(await refusedWith(subscribe(await other.firstSignIn(), 'everybody'))).toBe('BAD_USER_INPUT');
  });

  it('are heard by three streams of a user on a process, not by four', async () => {
    const authorization = await user.firstSignIn();
    for (let count = 0; count < 3; count += 1) await listening(authorization);
    expect(await refusedWith(subscribe(authorization))).toBe('RATE_LIMITED');
    open.shift()?.stop();
    await until(() => world.b.app.auditFeed.count === 2);
    await listening(authorization);
  });

  it('come within three seconds where no bell is heard', async () => {
    const stream = await listening(await user.firstSignIn());
    const began = performance.now();
    await silent.record(world.database, of(user.id));
    await stream.until(({ type }) => type === 'SIGN_OUT');
    expect(performance.now() - began).toBeLessThan(4000);
  });

  it('come in pages, in order and once, however many there are', async () => {
    const stream = await listening(await user.firstSignIn());
    await silent.record(world.database, ...Array<AuditEntry>(250).fill(of(user.id)));
    await Promise.all([world.b.app.auditFeed.lookNow(), world.b.app.auditFeed.lookNow()]);
    await until(() => stream.states.length >= 250);
    const rows = await world.database.rows<{ id: string }>(
      `SELECT id FROM audit_event WHERE user_id = $1 AND type = 'SIGN_OUT' ORDER BY id`,
      [user.id],
    );
    expect(stream.states.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
  });

  it('end where the role is taken away, before anything more is told (WS-06)', async () => {
    const { one, stream } = await everyone(world.b, ['ADMIN']);
    await world.database.affected(`UPDATE users SET roles = '{USER}' WHERE id = $1`, [one.id]);
    await silent.record(world.database, of(user.id));
    await world.b.app.auditFeed.lookNow();
    expect(await refusedWith(stream)).toBe('FORBIDDEN');
    expect(stream.states.filter((event) => event.user?.id === user.id)).toEqual([]);
  });

  it('end with the session (WS-06)', async () => {
    const stream = await listening(await user.firstSignIn());
    await world.database.affected('UPDATE session SET revoked_at = gateway_now() WHERE user_id = $1', [
      user.id,
    ]);
    await silent.record(world.database, of(user.id));
    await world.b.app.auditFeed.lookNow();
    expect(await refusedWith(stream)).toBe('FORBIDDEN');
    expect(stream.states).toEqual([]);
  });
});

describeOnServers('security events of transactions that overlap', (backend) => {
  it('are told once each, also of one that began before and ended after the others', async () => {
    const world = await World.open(backend);
    const recorder = new AuditRecorder(world.clock, systemChance);
    const user = await world.user();
    const told: string[] = [];
    const { auditFeed } = world.a.app;
    const mayHear = () => Promise.resolve(true);
    const stream = await auditFeed.follow({ listenerId: user.id, userId: user.id, mayHear });
    const listened = (async () => {
      for await (const { flowId } of stream) told.push(flowId ?? '');
    })();
    const say = (flowId: string): AuditEntry => ({
      type: 'SIGN_OUT',
      outcome: 'SUCCESS',
      userId: user.id,
      flowId,
    });
    await world.database.transaction(async (tx) => {
      await recorder.record(tx, say('long'));
      await recorder.record(world.database, say('short'));
      await auditFeed.lookNow();
      await recorder.record(world.database, say('second'));
      await auditFeed.lookNow();
      expect(told).toEqual(['short', 'second']);
    });
    await auditFeed.lookNow();
    await auditFeed.lookNow();
    expect(told).toEqual(['short', 'second', 'long']);
    await stream.return?.();
    await listened;
    await world.close();
  });
});
