/**
 * The attack: going on with the password alone after the time to enroll a second factor is over: by another way in, by
 * what was handed out before, or by leaving the account alone until its password is known to others.
 * The guarantee: then no path gives a session; there is a flow that only enrolls, and for a dormant account not even that.
 */
import { policy, rule } from '../support/policy-facts';
import { codeOf, mailedCode, sessionCount, userWithApp } from '../support/attempts';
import { embedded } from '../support/backends';
import { isSpared } from '../support/browsers';
import { ENFORCED, withPolicy } from '../support/policy';
import { SocketPeer } from '../support/socket-peer';
import { GOT, PASSWORD, World, type Reply, type TestUser } from '../support/world';
import type { PolicyValues } from '../../src/features/policy';

const DAY = 86_400;
const PASSPHRASE = 'violet-harbour-nine-kettles';
const DUE = {
  errors: [],
  tokens: null,
  flow: { status: 'ENROLLMENT_REQUIRED', factors: [], challenge: null, promptReasons: ['POLICY'] },
};

const put = (world: World, changes: Partial<PolicyValues>) =>
  world.a.app.policies.change({ values: policy(changes), basedOn: null, updatedBy: null });
const topCode = ({ errors }: Reply): string | undefined => errors?.[0]?.extensions.code;

describe('after the grace period', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded)));
  afterAll(() => world.close());

  /** Made today, and the clock stands a quarter of an hour before the deadline. */
  async function almostDue(): Promise<TestUser> {
    const user = await world.user();
    await world.advance(30 * DAY - 900);
    return user;
  }
  const viewer = (authorization: string) => world.a.ask('{ viewer { id } }', {}, { authorization });

  test('ENR-07 a sign-in leads to enrollment, however often it is begun and whatever is tried in it', async () => {
    const user = await almostDue();
    await world.advance(900);
    for (const more of [{}, { minimumAssurance: 'AAL1' }, { autoStart: false }]) {
      const { flowToken, ...begun } = await user.signIn(more);
      expect(begun).toMatchObject(DUE);
      expect(begun.flow).toMatchObject({ enrollableKinds: expect.arrayContaining(['TOTP', 'PUSH']) });
      const tried = [
        await world.a.mutate('startChallenge', { flowToken }, GOT),
        await world.a.mutate('verifyChallenge', { flowToken, proof: { code: '123456' } }, GOT),
        await world.a.mutate('completeAuthFlow', { flowToken, rememberDevice: true }, GOT),
        await world.a.mutate('setPassword', { flowToken, newPassword: PASSPHRASE }, GOT),
      ];
      expect(tried.map(codeOf)).toEqual(Array(4).fill('WRONG_STATUS'));
      await world.a.mutate('cancelAuthFlow', { flowToken }, 'flow { status }');
    }
    expect(await sessionCount(world, user)).toBe(0);
  });

  test('ENR-07 a session of the grace period ends with it: access, refresh, step-up and enrollment', async () => {
    const user = await almostDue();
    const { tokens, flow } = await user.signIn();
    expect(new Date(tokens.accessTokenExpiresAt as string)).toEqual(
      new Date(world.now().getTime() + 300_000),
    );
    expect(flow.status).toBe('COMPLETED');
    await world.advance(700);
    const { tokens: later } = await world.a.mutate(
      'refreshTokens',
      { refreshToken: tokens.refreshToken },
      'tokens { accessToken accessTokenExpiresAt refreshToken }',
    );
    // Capped: no token outlives the deadline.
    expect(new Date(later.accessTokenExpiresAt as string)).toEqual(new Date(world.now().getTime() + 200_000));
    const authorization = `Bearer ${later.accessToken as string}`;
    expect((await viewer(authorization)).data.viewer.id).toBe(user.id);
    await world.advance(200);

    expect(topCode(await viewer(authorization))).toBe('UNAUTHENTICATED');
    const refreshed = await world.a.mutate(
      'refreshTokens',
      { refreshToken: later.refreshToken },
      'tokens { accessToken }',
    );
    expect(refreshed).toMatchObject({ tokens: null, errors: [{ code: 'INVALID_TOKEN' }] });
    for (const mutation of [
      `startStepUp(input: { password: "${PASSWORD}" })`,
      'startEnrollment(input: { kind: TOTP })',
    ]) {
      const reply = await world.a.ask(`mutation { ${mutation} { errors { code } } }`, {}, { authorization });
      expect(topCode(reply)).toBe('UNAUTHENTICATED');
    }
    const peer = await SocketPeer.open(Number(new URL(world.a.url).port));
    peer.send({ type: 'connection_init', payload: { authorization } });
    expect(await peer.closed).toBe(4403);
  });

  test('ENR-07 no token of a browser helps, remembered or not', async () => {
    const user = await almostDue();
    const { tokens } = await user.signIn();
    const { deviceToken } = tokens;
    await world.advance(900);
    expect(await user.signIn({ deviceToken })).toMatchObject(DUE);
    await world.database.affected(
      `UPDATE known_device SET remembered_until = gateway_now() + interval '9 days' WHERE user_id = $1`,
      [user.id],
    );
    expect(await user.signIn({ deviceToken })).toMatchObject(DUE);
  });

  test('ENR-07 a password reset gives no session, and the new password leads to enrollment', async () => {
    const user = await almostDue();
    await world.advance(900);
    const { flowToken } = await world.a.mutate('startPasswordReset', { email: user.email }, GOT);
    const proof = { code: await mailedCode(world, user.email) };
    const proven = await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
    expect(proven).toMatchObject({ tokens: null, flow: { status: 'NEW_PASSWORD_REQUIRED' } });
    const done = await world.a.mutate('setPassword', { flowToken, newPassword: PASSPHRASE }, GOT);
    expect(done).toMatchObject({ errors: [], tokens: null, flow: { status: 'COMPLETED' } });
    expect(codeOf(await world.a.mutate('completeAuthFlow', { flowToken }, GOT))).toBe('INVALID_TOKEN');
    expect(await user.signIn({ password: PASSPHRASE })).toMatchObject(DUE);
    expect(await sessionCount(world, user)).toBe(0);
  });

  test('ENR-07 the way in is the first factor, enrolled in the flow; the session is one of two factors', async () => {
    const user = await almostDue();
    await world.advance(900);
    const { flowToken } = await user.signIn();
    const done = await user.enrollTotpInFlow(flowToken as string);
    expect(done).toMatchObject({
      errors: [],
      flow: { status: 'COMPLETED' },
      tokens: { session: { assurance: 'AAL2', methods: ['pwd', 'otp', 'mfa'] } },
    });
    const { expiresAt } = (await world.database.row<{ expiresAt: Date }>(
      'SELECT expires_at FROM session WHERE user_id = $1',
      [user.id],
    )) as { expiresAt: Date };
    expect(expiresAt > world.now()).toBe(true);
  });

  test('ENR-07 a changed policy ends the sessions of those whom it finds overdue, and no others', async () => {
    const [late, app, robot] = [await almostDue(), await userWithApp(world), await world.user()];
    await world.database.affected(`UPDATE users SET account_type = 'SERVICE' WHERE id = $1`, [robot.id]);
    await world.advance(900);
    await put(world, { requirement: 'OPTIONAL' });
    const [bare, full, service] = [
      await late.firstSignIn(),
      `Bearer ${(await app.signInWithTotp()).tokens.accessToken as string}`,
      await robot.firstSignIn(),
    ];
    await put(world, { rules: [rule({ requirement: 'OPTIONAL' })] });
    expect(topCode(await viewer(bare))).toBe('UNAUTHENTICATED');
    for (const authorization of [full, service]) expect(topCode(await viewer(authorization))).toBeUndefined();
  });

  test('ENR-07 a rule for an application demands a factor there at once, and nowhere else', async () => {
    await put(world, { requirement: 'OPTIONAL', rules: [rule({ clientIds: ['default'] })] });
    const user = await world.user();
    await world.database.affected('UPDATE users SET enrollment_due_at = NULL WHERE id = $1', [user.id]);
    expect(await user.signIn()).toMatchObject(DUE);
    await put(world, { requirement: 'OPTIONAL', rules: [rule({ clientIds: ['bank'] })] });
    expect((await user.signIn()).flow.status).toBe('COMPLETED');
    await put(world, {});
  });

  test('ENR-09 whoever has a factor cannot enroll by a flow, also where the factor is lost', async () => {
    const user = await userWithApp(world);
    const { flowToken, flow } = await user.signIn();
    expect(flow).toMatchObject({ status: 'CHALLENGE_PENDING', enrollableKinds: [] });
    for (const kind of ['TOTP', 'PUSH']) {
      const refused = await world.a.mutate('startEnrollment', { kind, flowToken }, 'enrollmentToken');
      expect(refused).toMatchObject({ enrollmentToken: null, errors: [{ code: 'WRONG_STATUS' }] });
    }
  });

  test('ENR-09 an enrollment of one flow is of no use once the account has a factor by another', async () => {
    const user = await almostDue();
    await world.advance(900);
    const [first, second] = [await user.signIn(), await user.signIn()];
    const { enrollmentToken, enrollment } = await world.a.mutate(
      'startEnrollment',
      { kind: 'TOTP', flowToken: second.flowToken },
      'enrollmentToken enrollment { setup { ... on TotpSetup { secret } } }',
    );
    expect((await user.enrollTotpInFlow(first.flowToken as string)).tokens).not.toBeNull();
    user.apps.push((enrollment.setup.secret as string).replaceAll(' ', ''));
    const proof = { code: await user.code(0, 1) };
    const late = await world.a.mutate(
      'confirmEnrollment',
      { enrollmentToken, proof },
      'enrollment { status }',
    );
    expect(codeOf(late)).toBe('INVALID_TOKEN');
    const collected = await world.a.mutate('completeAuthFlow', { flowToken: second.flowToken }, GOT);
    expect(collected.tokens).toBeNull();
    expect(await sessionCount(world, user)).toBe(1);
  });

  test('ENR-09 an account without a factor that nobody used for 90 days enrolls none until somebody helps', async () => {
    const user = await world.user();
    await user.firstSignIn();
    await world.advance(90 * DAY - 1);
    expect((await user.signIn()).flow.status).toBe('ENROLLMENT_REQUIRED');
    await world.advance(1);
    const { flowToken, ...held } = await user.signIn();
    const nothing = { status: 'CHALLENGE_REQUIRED', factors: [], enrollableKinds: [], challenge: null };
    expect(held).toMatchObject({ errors: [], tokens: null, flow: nothing });
    const tried = [
      await world.a.mutate('startEnrollment', { kind: 'TOTP', flowToken }, 'enrollmentToken'),
      await world.a.mutate('completeAuthFlow', { flowToken }, GOT),
    ];
    expect(tried.map(codeOf)).toEqual(['WRONG_STATUS', 'WRONG_STATUS']);
    expect(await sessionCount(world, user)).toBe(1);

    const admin = await world.user({ roles: ['ADMIN'] });
    const ask = { authorization: await admin.firstSignIn() };
    const until = new Date(world.now().getTime() + 2 * DAY * 1000).toISOString();
    const given = { userId: user.id, until, note: 'back from leave' };
    const extended = await world.a.mutate('extendEnrollmentDeadline', given, 'user { enrollmentDueAt }', ask);
    expect(extended).toMatchObject({ errors: [], user: { enrollmentDueAt: until } });
    expect((await user.signIn()).tokens.session.assurance).toBe('AAL1');
  });
});

describe('without any grace period', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded, { environment: withPolicy(ENFORCED) })));
  afterAll(() => world.close());

  test('ENR-07 a sign-up makes the account and no session: the first factor comes first', async () => {
    const email = 'nora@example.com';
    const begun = await world.a.mutate('signUp', { email, password: PASSPHRASE }, GOT);
    const { flowToken } = begun;
    const proof = { code: await mailedCode(world, email) };
    const proven = await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
    expect(proven).toMatchObject({ ...DUE, flow: { ...DUE.flow, purpose: 'SIGN_UP' } });
    expect(codeOf(await world.a.mutate('completeAuthFlow', { flowToken }, GOT))).toBe('WRONG_STATUS');

    const made = await world.database.row<{ id: string }>('SELECT id FROM users WHERE email = $1', [email]);
    const user = Object.assign(await world.user(), { id: made?.id, email });
    expect(await sessionCount(world, user)).toBe(0);
    expect(await user.signIn({ password: PASSPHRASE })).toMatchObject(DUE);
    expect((await user.enrollTotpInFlow(flowToken as string)).tokens.session.assurance).toBe('AAL2');
    expect(await isSpared(user, undefined, { password: PASSPHRASE })).toBe(false);
  });
});
