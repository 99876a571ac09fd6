/**
 * The attack: winning time before a second factor must be enrolled: by signing in again, by giving up a role and taking
 * it back, by a policy that is switched off and on, or by a gateway whose clock or policy is another.
 * The guarantee: the deadline is written once, by the database's clock, when a requirement first applies. Nothing but an
 * administrator's extension moves it, and whoever has none when one is needed is due at once.
 */
import { DEFAULT_POLICY, type PolicyValues } from '../../src/features/policy';
import { describeOnServers } from '../support/backends';
import { mailedCode } from '../support/attempts';
import { policy, rule } from '../support/policy-facts';
import { GOT, World, type GatewayClient, type TestUser } from '../support/world';

const DAY = 86_400;
const ADMINS = { requirement: 'OPTIONAL', rules: [rule({ roles: ['ADMIN'] })] } as const;

describeOnServers('ENR-08 the deadline to enroll', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());
  beforeEach(() => put(DEFAULT_POLICY));

  const put = (changes: Partial<PolicyValues>, gateway = world.a) =>
    gateway.app.policies.change({ values: policy(changes), basedOn: null, updatedBy: null });
  const inDays = (days: number): Date => new Date(world.now().getTime() + days * DAY * 1000);
  const dueAt = async ({ id }: Pick<TestUser, 'id'>) =>
    (
      await world.database.row<{ at: Date | null }>(
        'SELECT enrollment_due_at AS at FROM users WHERE id = $1',
        [id],
      )
    )?.at;
  /** As an application that keeps roles would: the row, and what the policy says of it, in one transaction. */
  const setRoles = (user: TestUser, roles: string[], gateway = world.a) =>
    world.database.transaction(async (tx) => {
      await tx.affected('UPDATE users SET roles = $2 WHERE id = $1', [user.id, roles]);
      await gateway.app.policies.startGrace(tx, user.id);
    });
  /** Who was there before any requirement. */
  async function free(): Promise<TestUser> {
    await put({ requirement: 'OPTIONAL' });
    return world.user();
  }

  test('is 30 days from the making of the account, by createUser and by signUp', async () => {
    const made = await world.user({ roles: ['ADMIN'] });
    expect(await dueAt(made)).toEqual(inDays(30));
    const ask = { authorization: await made.firstSignIn() };
    const input = { email: 'made@example.com', password: 'violet-harbour-nine-kettles' };
    const { user } = await world.b.mutate('createUser', input, 'user { id }', ask);
    expect(await dueAt(user)).toEqual(inDays(30));
    const robot = { email: 'robot@example.com', accountType: 'SERVICE' };
    const created = await world.b.mutate('createUser', robot, 'user { id }', ask);
    expect(await dueAt(created.user)).toBeNull();

    const begun = await world.a.mutate('signUp', { ...input, email: 'signed@example.com' }, GOT);
    await world.advance(120);
    const proof = { code: await mailedCode(world, 'signed@example.com') };
    const done = await world.a.mutate(
      'verifyChallenge',
      { flowToken: begun.flowToken, proof },
      'flow { enrollmentDueAt } tokens { accessToken }',
    );
    expect(done.flow.enrollmentDueAt).toBe(inDays(30).toISOString());
    const { data } = await world.a.ask(
      '{ viewer { id enrollmentDueAt } }',
      {},
      { authorization: `Bearer ${done.tokens.accessToken as string}` },
    );
    expect(data.viewer.enrollmentDueAt).toBe(inDays(30).toISOString());
    expect(await dueAt(data.viewer)).toEqual(inDays(30));
  });

  test('is told by the reply that made the account', async () => {
    const admin = await world.user({ roles: ['ADMIN'] });
    const ask = { authorization: await admin.firstSignIn() };
    const input = { email: 'told@example.com' };
    const { user } = await world.a.mutate('createUser', input, 'user { enrollmentDueAt }', ask);
    expect(user.enrollmentDueAt).toBe(inDays(30).toISOString());
  });

  test('stays while the user signs in, on any gateway, and the policy is saved again', async () => {
    const user = await world.user();
    const due = await dueAt(user);
    const gateways: GatewayClient[] = [world.a, world.b];
    for (const gateway of gateways) {
      await world.advance(DAY);
      expect((await user.signIn({}, gateway)).tokens).not.toBeNull();
      await put({});
      await put({ enrollmentGraceDays: 90 }, world.b);
      await put({ enrollmentGraceDays: 1 });
    }
    expect(await dueAt(user)).toEqual(due);
  });

  test('stays while the requirement is switched off and on', async () => {
    const user = await world.user();
    const due = await dueAt(user);
    for (const requirement of ['OPTIONAL', 'ALWAYS', 'WHEN_RISKY', 'ALWAYS'] as const) {
      await world.advance(DAY);
      await put({ requirement }, world.b);
      expect((await user.signIn()).flow.status).toBe('COMPLETED');
    }
    expect(await dueAt(user)).toEqual(due);
    await world.advance(27 * DAY);
    expect((await user.signIn({}, world.b)).flow.status).toBe('ENROLLMENT_REQUIRED');
  });

  test('begins when a requirement first applies to whoever was there before', async () => {
    const user = await free();
    expect(await dueAt(user)).toBeNull();
    await world.advance(10 * DAY);
    await put({ enrollmentGraceDays: 7 }, world.b);
    expect(await dueAt(user)).toEqual(inDays(7));
    expect((await user.signIn()).flow.status).toBe('COMPLETED');
  });

  test('begins with the role that a rule demands it of, and stays whatever becomes of the role', async () => {
    const user = await free();
    await put(ADMINS);
    expect(await dueAt(user)).toBeNull();
    await setRoles(user, ['USER', 'HELP_DESK']);
    expect(await dueAt(user)).toBeNull();
    await setRoles(user, ['USER', 'ADMIN']);
    const due = inDays(30);
    expect(await dueAt(user)).toEqual(due);
    for (const roles of [['USER'], ['ADMIN'], ['USER'], ['USER', 'ADMIN']]) {
      await world.advance(DAY);
      await setRoles(user, roles, world.b);
    }
    await put({ ...ADMINS, rules: [] });
    await put(ADMINS);
    expect(await dueAt(user)).toEqual(due);
  });

  test('is there for all who have the role when the rule comes, and for nobody else', async () => {
    await put({ requirement: 'OPTIONAL' });
    const [admin, plain] = [await world.user({ roles: ['ADMIN'] }), await world.user()];
    await put(ADMINS, world.b);
    expect([await dueAt(admin), await dueAt(plain)]).toEqual([inDays(30), null]);
  });

  test('whoever has none when one is needed is due now', async () => {
    const user = await free();
    // Roles that were changed in the database, past the gateway.
    await put(ADMINS);
    await world.database.affected(`UPDATE users SET roles = '{ADMIN}' WHERE id = $1`, [user.id]);
    for (const gateway of [world.a, world.b])
      expect((await user.signIn({}, gateway)).flow.status).toBe('ENROLLMENT_REQUIRED');
    expect(await dueAt(user)).toBeNull();
  });

  test('without a grace period it is at once', async () => {
    const user = await free();
    const authorization = await user.firstSignIn();
    await put({ enrollmentGraceDays: 0 }, world.b);
    expect(await dueAt(user)).toEqual(world.now());
    const reply = await world.a.ask('{ viewer { id } }', {}, { authorization });
    expect(reply.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await user.signIn()).flow.status).toBe('ENROLLMENT_REQUIRED');
    const later = await world.user();
    expect((await later.signIn()).flow.status).toBe('ENROLLMENT_REQUIRED');
  });

  test('a role that makes its holder due at once ends what the password alone opened', async () => {
    await put({ ...ADMINS, enrollmentGraceDays: 0 });
    const user = await world.user();
    const authorization = await user.firstSignIn();
    await setRoles(user, ['USER', 'ADMIN']);
    expect(await dueAt(user)).toEqual(world.now());
    const reply = await world.a.ask('{ viewer { id } }', {}, { authorization });
    expect(reply.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  test('a policy that is changed at the same instant on two gateways gives one deadline', async () => {
    const users = [await free(), await free()];
    const saved = [1, 2, 3, 4].map((enrollmentGraceDays) =>
      put({ enrollmentGraceDays }, enrollmentGraceDays % 2 ? world.a : world.b),
    );
    const versions = (await Promise.all(saved)).map(({ version }) => version);
    expect(new Set(versions).size).toBe(4);
    const [one, other] = [await dueAt(users[0] as TestUser), await dueAt(users[1] as TestUser)];
    expect(one).toEqual(other);
    expect([1, 2, 3, 4].map(inDays)).toContainEqual(one);
  });

  test('nobody who is made while the policy changes is missed', async () => {
    await put({ requirement: 'OPTIONAL' });
    const [users] = await Promise.all([Promise.all([1, 2, 3, 4].map(() => world.user())), put({}, world.b)]);
    for (const user of users) expect(await dueAt(user)).toEqual(inDays(30));
  });
});
