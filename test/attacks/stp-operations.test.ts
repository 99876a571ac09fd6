/**
 * The attack: changing an account or the policy with a token that was stolen, or by a proof that was given for something
 * else: one of the password alone, one of an hour ago, or the one that has changed the policy already.
 * The guarantee: what is sensitive needs a proof of two factors that is five minutes old at most, and tells what it needs;
 * an operation of the highest class uses its proof up.
 */
import { answer, codeOf } from '../support/attempts';
import { describeOnServers, embedded } from '../support/backends';
import { signInFully } from '../support/browsers';
import { OPTIONAL, withPolicy } from '../support/policy';
import { GOT, World, type Ask } from '../support/world';

const bearer = (got: { tokens: { accessToken: string } }): Ask => ({
  authorization: `Bearer ${got.tokens.accessToken}`,
});

describe('what changes accounts and the policy', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded, { environment: withPolicy(OPTIONAL) })));
  afterAll(() => world.close());

  test('STP-01 is refused to a token that proves too little or too long ago, and open to a fresh one', async () => {
    const [admin, user] = [await world.user({ roles: ['ADMIN'] }), await world.user()];
    await admin.enrollTotp();
    const { tokens } = await signInFully(admin, { rememberDevice: true });
    const [factor] = (await world.a.ask('{ viewer { factors { id } } }', {}, bearer({ tokens }))).data.viewer
      .factors;
    const { version } = await world.a.app.policies.current();
    const until = new Date(world.now().getTime() + 86_400_000).toISOString();
    const email = 'new@example.com';
    const operations: [string, object][] = [
      ['createUser', { email }],
      ['updatePolicy', { version, pushDigits: 3 }],
      ['extendEnrollmentDeadline', { userId: user.id, until, note: 'ill' }],
      ['startEnrollment', { kind: 'PUSH' }],
      ['generateBackupCodes', {}],
      ['changeEmail', { newEmail: email }],
      ['changePassword', { currentPassword: 'x', newPassword: 'y' }],
      ['resyncFactor', { factorId: factor.id, firstCode: '123456', secondCode: '234567' }],
      ['removeFactor', { factorId: factor.id }],
    ];
    const tried = (ask: Ask) =>
      Promise.all(operations.map(([name, input]) => world.a.mutate(name, input, '__typename', ask)));
    const refusal = { code: 'STEP_UP_REQUIRED', requiredAssurance: 'AAL2', maxAgeSeconds: 300 };

    await world.advance(301);
    const spared = await admin.signIn({ deviceToken: tokens.deviceToken });
    expect(spared.tokens.session.assurance).toBe('AAL1');
    const refreshed = await world.a.mutate(
      'refreshTokens',
      { refreshToken: tokens.refreshToken },
      'tokens { accessToken }',
    );
    for (const ask of [bearer(spared), bearer(refreshed)])
      for (const { errors } of await tried(ask)) expect(errors).toMatchObject([refusal]);

    const fresh = bearer(await signInFully(admin));
    for (const { errors } of await tried(fresh)) expect(codeOf({ errors })).not.toBe('STEP_UP_REQUIRED');
  });
});

describeOnServers('STP-02 operations of the highest class', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  const version = async () => (await world.a.app.policies.current()).version;
  const update = async (ask: Ask, pushDigits: number, gateway = world.a, at?: number) =>
    gateway.mutate(
      'updatePolicy',
      { version: at ?? (await version()), pushDigits },
      'policy { version }',
      ask,
    );

  test('use their proof up: the next one needs its own, on any gateway and after a refresh', async () => {
    const admin = await world.user({ roles: ['ADMIN'] });
    await admin.enrollTotp();
    const signedIn = await admin.signInWithTotp();
    const ask = bearer(signedIn);
    expect(codeOf(await update(ask, 3, world.a, 999))).toBe('CONFLICT');
    expect((await update(ask, 3)).errors).toEqual([]);
    const { tokens } = await world.a.mutate(
      'refreshTokens',
      { refreshToken: signedIn.tokens.refreshToken },
      'tokens { accessToken }',
    );
    for (const one of [ask, bearer({ tokens })])
      expect((await update(one, 4, world.b)).errors).toMatchObject([
        { code: 'STEP_UP_REQUIRED', requiredAssurance: 'AAL2', maxAgeSeconds: 0 },
      ]);
    await world.advance(30);
    const { flowToken } = await world.a.mutate('startStepUp', {}, GOT, ask);
    const anew = bearer(await answer(world.a, flowToken as string, await admin.code()));
    expect((await update(anew, 4, world.b)).errors).toEqual([]);
    expect(codeOf(await update(anew, 5))).toBe('STEP_UP_REQUIRED');
  });

  test('∥ one proof, sent to two gateways at the same instant, makes one change', async () => {
    const admin = await world.user({ roles: ['ADMIN'] });
    const ask = { authorization: await admin.firstSignIn() };
    const before = await version();
    const sent = [2, 3, 4, 5].map((digits) => update(ask, digits, digits % 2 ? world.a : world.b, before));
    const codes = (await Promise.all(sent)).map(codeOf);
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(await version()).toBe(before + 1);
  });
});
