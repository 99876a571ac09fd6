/**
 * The attack: coming back with a browser that was remembered before the account was secured again, on a process that has
 * not heard of it, or in the very moment; and making other people's browsers be forgotten.
 * The guarantee: whatever secures an account ends all its remembered browsers everywhere at once; users see their own
 * browsers and forget them, and nobody else's.
 */
import { codeOf, liftFlowLimit, mailedCode, userWithApp } from '../support/attempts';
import { describeOnServers, embedded } from '../support/backends';
import { forget, isSpared, rememberedBrowser } from '../support/browsers';
import { GOT, PASSWORD, World, type TestUser } from '../support/world';

const DAY = 86_400;

describe('browsers are forgotten at A and asked at B', () => {
  const NEW_PASSWORD = 'zebra umbrella 7 quiet';
  let world: World;
  beforeAll(async () => (world = await World.open(embedded, { gateways: 2 })));
  afterAll(() => world.close());

  type Act = (user: TestUser, authorization: string) => Promise<{ errors: readonly unknown[] }>;
  const factorsOf = async (authorization: string): Promise<{ id: string; kind: string }[]> =>
    (await world.a.ask('{ viewer { factors { id kind } } }', {}, { authorization })).data.viewer.factors;

  const events: [string, Act, password?: string][] = [
    [
      'a changed password',
      (_, authorization) =>
        world.a.mutate(
          'changePassword',
          { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, signOutOtherSessions: false },
          'user { id }',
          { authorization },
        ),
      NEW_PASSWORD,
    ],
    ['a reset password', (user) => resetPassword(user), NEW_PASSWORD],
    [
      'a factor that is added',
      async (user, authorization) => {
        await user.enrollTotp(authorization);
        return { errors: [] };
      },
    ],
    [
      'a factor that is removed',
      async (_, authorization) => {
        const codes = (await factorsOf(authorization)).find(({ kind }) => kind === 'BACKUP_CODE');
        return world.a.mutate('removeFactor', { factorId: codes?.id }, 'user { id }', { authorization });
      },
    ],
    [
      'a sign-out everywhere',
      (_, authorization) =>
        world.a.mutate('signOut', { allSessions: true }, 'user { id }', { authorization }),
    ],
    [
      'a report of somebody else’s sign-in',
      async (user, authorization) => {
        const event = await world.database.row<{ id: string }>(
          `SELECT id FROM audit_event WHERE user_id = $1 AND type = 'SIGN_IN_COMPLETED' ORDER BY id DESC OFFSET 1 LIMIT 1`,
          [user.id],
        );
        return world.a.mutate('reportActivity', { eventId: event?.id }, 'actions', { authorization });
      },
    ],
  ];

  test.each(events)('DEV-05 by %s', async (_, act, password = PASSWORD) => {
    const user = await userWithApp(world);
    const browsers = [await rememberedBrowser(user), await rememberedBrowser(user)] as const;
    const [{ authorization }, { deviceToken }] = [browsers[1], browsers[0]];
    expect(await isSpared(user, deviceToken, {}, world.b)).toBe(true);
    expect((await act(user, authorization)).errors).toEqual([]);
    expect(await isSpared(user, browsers[1].deviceToken, { password }, world.b)).toBe(false);
    const { tokens, flow } = await user.signIn({ deviceToken, password }, world.b);
    expect(tokens).toBeNull();
    // They stay known: nothing but the policy asks.
    expect(flow.promptReasons).toEqual(['POLICY']);
  });

  async function resetPassword(user: TestUser) {
    const { flowToken } = await world.a.mutate('startPasswordReset', { email: user.email }, GOT);
    const code = await mailedCode(world, user.email);
    const proven = await world.a.mutate('verifyChallenge', { flowToken, proof: { code } }, GOT);
    await world.advance(60);
    await world.a.mutate('startChallenge', { flowToken, factorId: proven.flow.factors[0].id }, GOT);
    const proof = { code: await user.code() };
    await world.a.mutate('verifyChallenge', { flowToken, proof, rememberDevice: true }, GOT);
    return world.a.mutate('setPassword', { flowToken, newPassword: NEW_PASSWORD }, GOT);
  }

  const LIST = '{ viewer { knownDevices { id label isCurrent createdAt lastUsedAt rememberedUntil } } }';
  const list = async (authorization: string) =>
    (await world.a.ask(LIST, {}, { authorization })).data.viewer.knownDevices;

  test('DEV-06 their user sees them, the one used last first, with the days that are left', async () => {
    const user = await userWithApp(world);
    const old = await rememberedBrowser(user);
    await world.advance(30 * DAY);
    const now = await rememberedBrowser(user);
    const shown = await list(now.authorization);
    expect(shown).toMatchObject([
      { isCurrent: true, rememberedUntil: new Date(world.now().getTime() + 30 * DAY * 1000).toISOString() },
      { isCurrent: false, rememberedUntil: null },
      { isCurrent: false, rememberedUntil: null },
    ]);
    expect(await isSpared(user, old.deviceToken)).toBe(false);
  });

  test('DEV-06 one that its user forgets is a new one on every process, and the others stay', async () => {
    const user = await userWithApp(world);
    const [lost, kept] = [await rememberedBrowser(user), await rememberedBrowser(user)];
    const [, { id }] = await list(kept.authorization);
    expect((await forget(user, kept.authorization, [id, id])).errors).toEqual([]);
    const { flow } = await user.signIn({ deviceToken: lost.deviceToken }, world.b);
    expect(flow).toMatchObject({ status: 'CHALLENGE_PENDING' });
    expect([...flow.promptReasons].sort()).toEqual(['NEW_DEVICE', 'POLICY']);
    expect(await isSpared(user, kept.deviceToken, {}, world.b)).toBe(true);
    expect((await forget(user, kept.authorization, null)).user.knownDevices).toEqual([]);
    expect(await isSpared(user, kept.deviceToken, {}, world.b)).toBe(false);
    const entries = await world.database.rows<{ reason: string }>(
      `SELECT reason FROM audit_event WHERE user_id = $1 AND type = 'DEVICE_FORGOTTEN' ORDER BY reason`,
      [user.id],
    );
    expect(entries.map(({ reason }) => reason)).toEqual(['1 forgotten', '2 forgotten']);
  });

  test('DEV-06 nobody forgets those of others: the whole is refused, and nothing changes', async () => {
    const [user, other] = [await userWithApp(world), await userWithApp(world)];
    const [mine, theirs] = [await rememberedBrowser(user), await rememberedBrowser(other)];
    const ids = [...(await list(mine.authorization)), ...(await list(theirs.authorization))].map(
      (device: { id: string }) => device.id,
    );
    expect(codeOf(await forget(user, mine.authorization, ids))).toBe('NOT_FOUND');
    expect(await isSpared(user, mine.deviceToken)).toBe(true);
    expect(await isSpared(other, theirs.deviceToken)).toBe(true);
  });
});

describeOnServers('browsers that are forgotten at the same instant', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  test('DEV-05 a browser that is forgotten while its sign-in is under way opens no session', async () => {
    const user = await userWithApp(world);
    const { deviceToken } = await rememberedBrowser(user);
    const signingIn = await world.database.transaction(async (tx) => {
      await tx.rows('SELECT 1 FROM users WHERE id = $1 FOR NO KEY UPDATE', [user.id]);
      await tx.affected('UPDATE known_device SET remembered_until = NULL WHERE user_id = $1', [user.id]);
      const begun = user.signIn({ deviceToken }, world.b);
      const isWaiting = async () =>
        (
          await world.database.rows(
            `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
          )
        ).length > 0;
      while (!(await isWaiting()));
      return { begun };
    });
    expect(await signingIn.begun).toMatchObject({ tokens: null, errors: [{ code: 'CONFLICT' }] });
    await liftFlowLimit(world);
    expect(await isSpared(user, deviceToken)).toBe(false);
  });
});
