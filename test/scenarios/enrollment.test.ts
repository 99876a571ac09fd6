import { codeAt } from '../../src/features/factors/kinds/totp/totp';
import { describeOnEachBackend } from '../support/backends';
import { GOT, World, type Ask, type TestUser } from '../support/world';

const ENROLLMENT = `enrollmentToken flow { status }
  enrollment { id status setup { ... on TotpSetup { secret } } factor { id kind label } }`;
const FACTORS =
  '{ viewer { enrollableKinds factors { kind label hint clockDriftSeconds device { name } } } }';

describeOnEachBackend('adding a factor', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  const start = (ask: Ask, input: object = {}) =>
    world.a.mutate('startEnrollment', { kind: 'TOTP', ...input }, ENROLLMENT, ask);
  const confirm = (enrollmentToken: string, code: string, ask: Ask = {}) =>
    world.a.mutate('confirmEnrollment', { enrollmentToken, proof: { code } }, ENROLLMENT, ask);
  const codeOf = (started: { enrollment: { setup: { secret: string } } }) =>
    codeAt(started.enrollment.setup.secret.replaceAll(' ', ''), world.clock.now());
  const signedIn = async (user: TestUser): Promise<Ask> => ({ authorization: await user.firstSignIn() });

  it('needs no more than the fresh password while there is no factor', async () => {
    const user = await world.user();
    const ask = await signedIn(user);
    const started = await start(ask, { label: 'Work phone' });
    expect(started).toMatchObject({
      errors: [],
      flow: null,
      enrollment: { status: 'PENDING', factor: null },
    });
    expect(await confirm(started.enrollmentToken, await codeOf(started), ask)).toMatchObject({
      errors: [],
      enrollmentToken: null,
      enrollment: { status: 'CONFIRMED', setup: null, factor: { kind: 'TOTP', label: 'Work phone' } },
    });
    const { data } = await world.a.ask(FACTORS, {}, ask);
    expect(data.viewer.factors).toMatchObject([
      { kind: 'TOTP', label: 'Work phone', device: null },
      { kind: 'BACKUP_CODE', label: null, device: null },
    ]);
  });

  it('needs the password again five minutes after it was given', async () => {
    const user = await world.user();
    const ask = await signedIn(user);
    await world.advance(290);
    const { refreshToken } = (await user.signIn()).tokens;
    await world.advance(301);
    const { tokens } = await world.a.mutate('refreshTokens', { refreshToken }, 'tokens { accessToken }');
    expect((await world.a.ask('{ viewer { id } }', {}, ask)).errors?.[0]?.extensions.code).toBe(
      'UNAUTHENTICATED',
    );
    const started = await start({ authorization: `Bearer ${tokens.accessToken as string}` });
    expect(started).toMatchObject({
      enrollmentToken: null,
      errors: [{ code: 'STEP_UP_REQUIRED', requiredAssurance: 'AAL1', maxAgeSeconds: 300 }],
    });
  });

  it('needs a step-up with the factor that is there already', async () => {
    const user = await world.user();
    const ask = await signedIn(user);
    await user.enrollTotp(ask.authorization);
    const refused = { code: 'STEP_UP_REQUIRED', requiredAssurance: 'AAL2', maxAgeSeconds: 300 };
    expect((await start(ask)).errors).toMatchObject([refused]);
    expect((await world.a.mutate('startEnrollment', { kind: 'PUSH' }, ENROLLMENT, ask)).errors).toMatchObject(
      [refused],
    );
    await world.advance(30);
    const { flowToken } = await world.a.mutate('startStepUp', { maxAgeSeconds: 300 }, GOT, ask);
    const stepped = await world.a.mutate(
      'verifyChallenge',
      { flowToken, proof: { code: await user.code() } },
      GOT,
    );
    const fresh = { authorization: `Bearer ${stepped.tokens.accessToken as string}` };
    await world.advance(290);
    const started = await start(fresh);
    expect(started.errors).toEqual([]);
    expect((await confirm(started.enrollmentToken, await codeOf(started), fresh)).errors).toEqual([]);
  });

  it('allows five phones', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    for (let phone = 1; phone <= 5; phone += 1) {
      await user.pairPhone(phone === 1 ? authorization : await approvedStepUp(user, authorization));
    }
    const ask = { authorization: await approvedStepUp(user, authorization) };
    const sixth = await world.a.mutate('startEnrollment', { kind: 'PUSH' }, ENROLLMENT, ask);
    expect(sixth.errors).toMatchObject([{ code: 'FACTOR_LIMIT_REACHED' }]);
    const { data } = await world.a.ask(FACTORS, {}, ask);
    expect(data.viewer.enrollableKinds).toEqual(['TOTP']);
    expect(data.viewer.factors).toHaveLength(5);
    expect(data.viewer.factors[0]).toMatchObject({ hint: 'Pixel 9', device: { name: 'Pixel 9' } });
  });

  it('ends at the fifth wrong code', async () => {
    const ask = await signedIn(await world.user());
    const started = await start(ask);
    const right = await codeOf(started);
    const wrong = String((Number(right) + 1) % 1_000_000).padStart(6, '0');
    for (const attemptsRemaining of [4, 3, 2, 1]) {
      expect((await confirm(started.enrollmentToken, wrong)).errors).toMatchObject([
        { code: 'INVALID_CODE', attemptsRemaining },
      ]);
    }
    expect(await confirm(started.enrollmentToken, wrong)).toMatchObject({
      enrollment: { status: 'EXPIRED', setup: null },
      errors: [{ code: 'TOO_MANY_ATTEMPTS' }],
    });
    expect((await confirm(started.enrollmentToken, right)).errors).toMatchObject([{ code: 'INVALID_TOKEN' }]);
  });

  it('ends after ten minutes', async () => {
    for (const [seconds, isInTime] of [
      [599, true],
      [600, false],
    ] as const) {
      const started = await start(await signedIn(await world.user()));
      await world.advance(seconds);
      const confirmed = await confirm(started.enrollmentToken, await codeOf(started));
      expect([seconds, confirmed.enrollment.status]).toEqual([seconds, isInTime ? 'CONFIRMED' : 'EXPIRED']);
      expect(confirmed.errors.map(({ code }: { code: string }) => code)).toEqual(
        isInTime ? [] : ['INVALID_TOKEN'],
      );
    }
  });

  it('is confirmed in the session that began it, and only while that lasts', async () => {
    const user = await world.user();
    const [mine, other] = [await signedIn(user), await signedIn(user)];
    const stranger = await signedIn(await world.user());
    const started = await start(mine);
    const code = await codeOf(started);
    for (const ask of [other, stranger]) {
      expect((await confirm(started.enrollmentToken, code, ask)).errors).toMatchObject([
        { code: 'INVALID_TOKEN' },
      ]);
    }
    await world.a.mutate('signOut', {}, 'user { id }', mine);
    expect((await confirm(started.enrollmentToken, code)).errors).toMatchObject([{ code: 'INVALID_TOKEN' }]);
    expect((await start(other)).errors).toEqual([]);
  });

  it('adds only the first factor inside a flow', async () => {
    const user = await world.user();
    const ask = await signedIn(user);
    const { flowToken, flow } = await user.signIn({ minimumAssurance: 'AAL2' });
    expect(flow.status).toBe('ENROLLMENT_REQUIRED');
    const started = await start({}, { flowToken });
    expect(started).toMatchObject({ errors: [], flow: { status: 'ENROLLMENT_REQUIRED' } });
    await user.pairPhone(ask.authorization);
    expect((await confirm(started.enrollmentToken, await codeOf(started))).errors).toMatchObject([
      { code: 'WRONG_STATUS' },
    ]);
    expect((await world.a.mutate('completeAuthFlow', { flowToken }, GOT)).errors).toMatchObject([
      { code: 'WRONG_STATUS' },
    ]);
    const { viewer } = (await world.a.ask(FACTORS, {}, ask)).data;
    expect(viewer.factors).toHaveLength(1);

    const later = await user.signIn({ minimumAssurance: 'AAL2' });
    expect(later.flow.status).toBe('CHALLENGE_REQUIRED');
    expect((await start({}, { flowToken: later.flowToken })).errors).toMatchObject([
      { code: 'WRONG_STATUS' },
    ]);
  });

  it('pairs a phone inside a flow, as that flow’s first proof; the screen hears of it', async () => {
    const user = await world.user();
    const { flowToken } = await user.signIn({ minimumAssurance: 'AAL2' });
    const screen = world.a.follow(flowToken);
    await screen.until((flow) => flow.status === 'ENROLLMENT_REQUIRED');
    await user.pairPhone(undefined, 'Pixel 9', flowToken);
    await screen.until((flow) => flow.status === 'VERIFIED');
    const done = await world.a.mutate('completeAuthFlow', { flowToken }, GOT);
    expect(done.tokens.session.assurance).toBe('AAL2');
    await screen.ended;
  });

  it('tells the owner by how much the clock of the app is off', async () => {
    const user = await world.user();
    await user.enrollTotp();
    await world.advance(120);
    const { flowToken } = await user.signIn();
    const proof = { code: await user.code(1) };
    const { tokens } = await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
    const ask = { authorization: `Bearer ${tokens.accessToken as string}` };
    const { viewer } = (await world.a.ask(FACTORS, {}, ask)).data;
    expect(viewer.factors[0].clockDriftSeconds).toBe(30);
  });

  /** `Bearer …` of a step-up that the user's first phone has approved. */
  async function approvedStepUp(user: TestUser, authorization: string): Promise<string> {
    const [phone] = user.phones;
    if (!phone) throw new Error('the user has no phone');
    const begun = await world.a.mutate('startStepUp', { autoStart: false }, GOT, { authorization });
    const { flowToken } = begun;
    for (const { id } of begun.flow.factors) {
      const started = await world.a.mutate('startChallenge', { flowToken, factorId: id }, GOT);
      const [approval] = await phone.approvals();
      if (approval) await phone.respond(approval, 'APPROVE', started.flow.challenge.numberToMatch);
      if (approval) break;
    }
    const { tokens } = await world.a.mutate('completeAuthFlow', { flowToken }, GOT);
    return `Bearer ${tokens.accessToken as string}`;
  }
});
