/**
 * The attack: a stolen session adds, removes or replaces factors, or takes the last one away to get in by the password alone.
 * The guarantee: a second-factor step-up of the last five minutes; what is removed stops at once, everywhere, also for what was
 * asked already; the last factor stays where the policy needs one; every change is recorded, told, and ends other sessions.
 */
import { answer, codeOf, liftFlowLimit } from '../support/attempts';
import { describeOnEachBackend, describeOnServers } from '../support/backends';
import { ENFORCED, OPTIONAL, withPolicy } from '../support/policy';
import { GOT, World, type TestUser } from '../support/world';

async function person(world: World): Promise<TestUser> {
  const user = await world.user();
  await user.enrollTotp();
  return user;
}
const bearer = async (user: TestUser) =>
  `Bearer ${(await user.signInWithTotp()).tokens.accessToken as string}`;
const factorsOf = async (world: World, authorization: string) =>
  (await world.a.ask('{ viewer { factors { id kind label hint isPreferred } } }', {}, { authorization })).data
    .viewer.factors as {
    id: string;
    kind: string;
    label: string | null;
    hint: string | null;
    isPreferred: boolean;
  }[];
const remove = (world: World, authorization: string, factorId: string | undefined, gateway = world.a) =>
  gateway.mutate('removeFactor', { factorId: factorId ?? '' }, 'factor { id kind } user { id }', {
    authorization,
  });

describeOnEachBackend('changing factors', (backend) => {
  let world: World;
  beforeAll(
    async () => (world = await World.open(backend, { gateways: 2, environment: withPolicy(OPTIONAL) })),
  );
  afterAll(() => world.close());

  it('ENR-02 an old session changes nothing before a step-up, by whatever mutation', async () => {
    const user = await person(world);
    const { tokens } = await user.signInWithTotp();
    const [factor] = await factorsOf(world, `Bearer ${tokens.accessToken as string}`);
    await world.advance(301);
    const { tokens: fresh } = await world.a.mutate(
      'refreshTokens',
      { refreshToken: tokens.refreshToken },
      'tokens { accessToken }',
    );
    const ask = { authorization: `Bearer ${fresh.accessToken as string}` };
    const tries: [string, object, string][] = [
      ['removeFactor', { factorId: factor?.id }, 'factor { id }'],
      ['startEnrollment', { kind: 'TOTP' }, 'enrollment { id }'],
      ['generateBackupCodes', {}, 'codes'],
      ['resyncFactor', { factorId: factor?.id, firstCode: '123456', secondCode: '234567' }, 'factor { id }'],
      ['changeEmail', { newEmail: 'x@example.com' }, 'flowToken'],
      ['changePassword', { currentPassword: 'x', newPassword: 'y' }, 'user { id }'],
    ];
    for (const [name, input, selection] of tries) {
      const refused = await world.a.mutate(name, input, selection, ask);
      expect([name, refused.errors[0]]).toEqual([
        name,
        expect.objectContaining({ code: 'STEP_UP_REQUIRED', requiredAssurance: 'AAL2', maxAgeSeconds: 300 }),
      ]);
    }
  });

  it('ENR-06 a removed app opens nothing more, its open question neither, and other sessions end', async () => {
    const user = await person(world);
    const elsewhere = await bearer(user);
    const authorization = await bearer(user);
    await user.enrollTotp(authorization);
    await world.advance(60);
    const waiting = await user.signIn();
    const open = waiting.flow.challenge.factor.id as string;
    const secret = (await factorsOf(world, authorization)).findIndex(({ id }) => id === open) === 0 ? 1 : 0;
    const removed = await remove(world, authorization, open);
    expect(removed).toMatchObject({ errors: [], factor: { id: open, kind: 'TOTP' }, user: { id: user.id } });
    for (const app of [0, 1]) {
      expect((await answer(world.b, waiting.flowToken, await user.code(0, app))).tokens).toBeNull();
    }
    expect(secret).toBeGreaterThanOrEqual(0);
    const seen = await world.b.ask('{ viewer { id } }', {}, { authorization: elsewhere });
    expect(seen.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await factorsOf(world, authorization)).map(({ kind }) => kind)).toEqual(['TOTP', 'BACKUP_CODE']);
    const subjects = (await world.inbox())
      .filter(({ to }) => to === user.email)
      .map(({ subject }) => subject);
    expect(subjects).toContain('Factorgate: A way to sign in was removed');
  });

  it('a removed phone can neither fetch nor answer, also what was rung before', async () => {
    const user = await person(world);
    const authorization = await bearer(user);
    const phone = await user.pairPhone(authorization);
    const { flowToken, flow } = await user.signIn({ autoStart: false });
    const factorId = flow.factors.find((factor: { kind: string }) => factor.kind === 'PUSH').id;
    const rung = await world.a.mutate('startChallenge', { flowToken, factorId }, GOT);
    const [asked] = await phone.approvals();
    if (!asked) throw new Error('nothing waits');
    expect((await remove(world, authorization, factorId)).errors).toEqual([]);
    const state = await world.b.ask(
      'query($t: String!) { authFlow(flowToken: $t) { status challenge { id } } }',
      {
        t: flowToken,
      },
    );
    expect(state.data.authFlow).toEqual({ status: 'CHALLENGE_REQUIRED', challenge: null });
    await expect(phone.approvals()).rejects.toThrow();
    const late = await phone.answer(asked, 'APPROVE', rung.flow.challenge.numberToMatch);
    await expect(phone.send(late)).rejects.toThrow();
  });

  it('ENR-12 no input has a word for what only the gateway decides', async () => {
    const user = await person(world);
    const ask = { authorization: await bearer(user) };
    const inputs: readonly [string, object][] = [
      ['startEnrollment', { kind: 'TOTP' }],
      ['confirmEnrollment', { enrollmentToken: 'x', proof: { code: '123456' } }],
      ['updateFactor', { factorId: 'x' }],
      ['updateProfile', { displayName: 'x' }],
      ['signUp', { email: 'x@example.com', password: 'violet-harbour-nine-kettles' }],
    ];
    for (const [name, input] of inputs) {
      const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
      for (const field of ['verified', 'isEmailVerified', 'userId', 'roles', 'createdAt', 'counter', 'acr']) {
        const reply = await world.a.ask(
          `mutation($input: ${type}!) { ${name}(input: $input) { errors { code } } }`,
          { input: { ...input, [field]: true } },
          ask,
        );
        expect([name, field, reply.errors?.[0]?.extensions.code]).toEqual([name, field, 'BAD_USER_INPUT']);
      }
    }
  });

  it('a factor of somebody else is not found, and stays', async () => {
    const [user, other] = [await person(world), await person(world)];
    const [theirs] = await factorsOf(world, await bearer(other));
    const authorization = await bearer(user);
    expect(codeOf(await remove(world, authorization, theirs?.id))).toBe('NOT_FOUND');
    for (const name of ['updateFactor', 'resyncFactor']) {
      const more =
        name === 'resyncFactor' ? { firstCode: '123456', secondCode: '234567' } : { label: 'mine' };
      const refused = await world.a.mutate(name, { factorId: theirs?.id, ...more }, 'factor { id }', {
        authorization,
      });
      expect(codeOf(refused)).toBe('NOT_FOUND');
    }
    expect((await factorsOf(world, await bearer(other)))[0]).toEqual(theirs);
  });

  it('the last real factor takes the backup codes along; ENR-15 its record stays', async () => {
    const user = await person(world);
    const authorization = await bearer(user);
    const [app] = await factorsOf(world, authorization);
    expect((await remove(world, authorization, app?.id)).errors).toEqual([]);
    expect(await factorsOf(world, authorization)).toEqual([]);
    const rows = await world.database.rows(
      `SELECT type, factor_kind, context->>'ipAddress' AS ip FROM audit_event
       WHERE user_id = $1 AND type LIKE 'FACTOR%' ORDER BY id, factor_kind`,
      [user.id],
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        { type: 'FACTOR_ENROLLED', factorKind: 'TOTP', ip: '127.0.0.1' },
        { type: 'FACTOR_REMOVED', factorKind: 'TOTP', ip: '127.0.0.1' },
        { type: 'FACTOR_REMOVED', factorKind: 'BACKUP_CODE', ip: '127.0.0.1' },
      ]),
    );
    expect((await user.signIn()).flow.status).toBe('COMPLETED');
  });

  it('is renamed and preferred, one at a time', async () => {
    const user = await person(world);
    const authorization = await bearer(user);
    await user.enrollTotp(authorization);
    const update = (input: object) =>
      world.a.mutate('updateFactor', input, 'factor { id label isPreferred }', { authorization });
    const [first, second] = await factorsOf(world, authorization);
    expect(
      await update({ factorId: second?.id, label: ' Work\u202e phone ', isPreferred: true }),
    ).toMatchObject({
      errors: [],
      factor: { label: 'Work phone', isPreferred: true },
    });
    expect((await factorsOf(world, authorization))[0]?.id).toBe(second?.id);
    await update({ factorId: first?.id, isPreferred: true });
    expect((await factorsOf(world, authorization)).filter(({ isPreferred }) => isPreferred)).toHaveLength(1);
    expect(codeOf(await update({ factorId: first?.id, label: 'x'.repeat(61) }))).toBe('INVALID_INPUT');
    expect((await update({ factorId: first?.id })).factor).toMatchObject({ isPreferred: true });
  });

  it('an app whose clock is an hour off is set right by two codes in a row, and never by old ones', async () => {
    const user = await person(world);
    const phone = await user.pairPhone(await bearer(user));
    expect(phone).toBeDefined();
    await world.advance(7200);
    const authorization = await bearer(user);
    const app = (await factorsOf(world, authorization)).find(({ kind }) => kind === 'TOTP');
    const resync = async (steps: number, gap = 1) =>
      world.a.mutate(
        'resyncFactor',
        { factorId: app?.id, firstCode: await user.code(steps), secondCode: await user.code(steps + gap) },
        'factor { id clockDriftSeconds }',
        { authorization },
      );
    expect(codeOf(await resync(-100))).toBe('INVALID_CODE');
    expect(codeOf(await resync(120, 2))).toBe('INVALID_CODE');
    expect(await resync(120)).toMatchObject({ errors: [], factor: { clockDriftSeconds: 3630 } });
    expect(codeOf(await resync(120))).toBe('INVALID_CODE');
    await liftFlowLimit(world);
    const { flowToken, flow } = await user.signIn({ autoStart: false });
    const factorId = flow.factors.find((factor: { kind: string }) => factor.kind === 'TOTP').id;
    await world.a.mutate('startChallenge', { flowToken, factorId }, GOT);
    expect((await answer(world.a, flowToken, await user.code(122))).flow.status).toBe('COMPLETED');
    const { data } = await world.a.ask('{ viewer { advice } }', {}, { authorization });
    expect(data.viewer.advice).toContain('CLOCK_DRIFT');
  });

  it('ENR-04 tries to set a clock right are guesses like any other', async () => {
    const user = await person(world);
    const authorization = await bearer(user);
    const [app] = await factorsOf(world, authorization);
    const codes: (string | undefined)[] = [];
    for (let tries = 0; tries < 6; tries += 1) {
      const input = { factorId: app?.id, firstCode: '000000', secondCode: '111111' };
      codes.push(codeOf(await world.a.mutate('resyncFactor', input, 'factor { id }', { authorization })));
    }
    expect(codes.slice(0, 5)).toEqual(Array.from({ length: 5 }, () => 'INVALID_CODE'));
    expect(codes[5]).toBe('RATE_LIMITED');
  });
});

describeOnEachBackend('where everybody must have a factor', (backend) => {
  let world: World;
  beforeAll(
    async () => (world = await World.open(backend, { gateways: 2, environment: withPolicy(ENFORCED) })),
  );
  afterAll(() => world.close());

  async function enrolledInFlow(): Promise<TestUser> {
    const user = await world.user();
    const { flowToken, flow } = await user.signIn();
    expect(flow.status).toBe('ENROLLMENT_REQUIRED');
    await user.enrollTotpInFlow(flowToken);
    return user;
  }

  it('ENR-07 who has none enrolls one, and no other way leads on', async () => {
    const user = await enrolledInFlow();
    expect((await user.signInWithTotp()).flow.status).toBe('COMPLETED');
  });

  it('ENR-03 the last one cannot be removed, and the codes do not count as one', async () => {
    const user = await enrolledInFlow();
    const authorization = await bearer(user);
    const factors = await factorsOf(world, authorization);
    const app = factors.find(({ kind }) => kind === 'TOTP');
    const codes = factors.find(({ kind }) => kind === 'BACKUP_CODE');
    expect(codeOf(await remove(world, authorization, app?.id))).toBe('LAST_FACTOR');
    expect((await remove(world, authorization, codes?.id)).errors).toEqual([]);
    expect(codeOf(await remove(world, authorization, app?.id))).toBe('LAST_FACTOR');
  });
});

describeOnServers('removing the last two at the same instant', (servers) => {
  it('ENR-03 exactly one stays', async () => {
    const world = await World.open(servers, { gateways: 2, environment: withPolicy(ENFORCED) });
    for (let round = 0; round < 5; round += 1) {
      const user = await world.user();
      const { flowToken } = await user.signIn();
      await user.enrollTotpInFlow(flowToken);
      const authorization = await bearer(user);
      await user.enrollTotp(authorization);
      const apps = (await factorsOf(world, authorization)).filter(({ kind }) => kind === 'TOTP');
      expect(apps).toHaveLength(2);
      const ends = await Promise.all(
        apps.map(({ id }, index) => remove(world, authorization, id, index ? world.a : world.b)),
      );
      expect(ends.map(codeOf).sort()).toEqual(['LAST_FACTOR', undefined]);
      expect((await factorsOf(world, authorization)).filter(({ kind }) => kind === 'TOTP')).toHaveLength(1);
    }
    await world.close();
  });
});
