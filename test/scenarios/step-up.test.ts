import { decodeJwt } from 'jose';
import { describeOnEachBackend } from '../support/backends';
import { approve, asked, complete, userWithPhone } from '../support/phones';
import { GOT, PASSWORD, World } from '../support/world';

const bearer = (got: { tokens: { accessToken: string } }) => ({
  authorization: `Bearer ${got.tokens.accessToken}`,
});

describeOnEachBackend('proving presence again', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  const stepUp = (ask: { authorization: string }, input: object = {}) =>
    world.a.mutate('startStepUp', input, GOT, ask);
  const startEnrollment = (ask: { authorization: string }) =>
    world.a.mutate('startEnrollment', { kind: 'TOTP' }, 'enrollmentToken', ask);

  it('asks an account without a factor for its password', async () => {
    const signedIn = await (await world.user()).signIn();
    await world.advance(200);
    expect((await stepUp(bearer(signedIn))).errors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'password'] },
    ]);
    expect((await stepUp(bearer(signedIn), { password: 'not the password' })).errors).toMatchObject([
      { code: 'INVALID_CREDENTIALS', path: ['input', 'password'] },
    ]);
    const done = await stepUp(bearer(signedIn), { password: PASSWORD });
    expect(done).toMatchObject({
      errors: [],
      flow: { purpose: 'STEP_UP', status: 'COMPLETED' },
      tokens: { refreshToken: null, deviceToken: null, session: { assurance: 'AAL1', methods: ['pwd'] } },
    });
    expect(done.tokens.session.id).toBe(signedIn.tokens.session.id);
    expect(done.tokens.session.authenticatedAt).toBe('2031-03-01T09:03:25.000Z');
  });

  it('asks for the factor afresh; only the new token is fresh, and both go on to work', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const signedIn = await user.signInWithTotp();
    await world.advance(240);
    const begun = await stepUp(bearer(signedIn));
    expect(begun).toMatchObject({
      errors: [],
      tokens: null,
      flow: { purpose: 'STEP_UP', status: 'CHALLENGE_PENDING', challenge: { kind: 'TOTP' } },
    });
    const { flowToken } = begun;
    const done = await world.a.mutate(
      'verifyChallenge',
      { flowToken, proof: { code: await user.code() } },
      GOT,
    );
    expect(done).toMatchObject({
      errors: [],
      flow: { status: 'COMPLETED' },
      tokens: { refreshToken: null, session: { id: signedIn.tokens.session.id, assurance: 'AAL2' } },
    });
    expect(new Date(done.tokens.session.authenticatedAt)).toEqual(world.clock.now());
    const [before, after] = [signedIn, done].map((got) => decodeJwt(got.tokens.accessToken as string));
    expect(Number(after?.['auth_time']) - Number(before?.['auth_time'])).toBe(240);
    expect(after?.['sid']).toBe(before?.['sid']);

    await world.advance(59);
    for (const ask of [bearer(signedIn), bearer(done)]) {
      expect((await world.a.ask('{ viewer { id } }', {}, ask)).data.viewer).toEqual({ id: user.id });
    }
    expect((await startEnrollment(bearer(done))).errors).toEqual([]);
    const refreshed = await world.a.mutate(
      'refreshTokens',
      { refreshToken: signedIn.tokens.refreshToken },
      'tokens { refreshToken session { id } }',
    );
    expect(refreshed.tokens.session.id).toBe(signedIn.tokens.session.id);
  });

  it('makes only its own token fresh: the older one is refused what needs a step-up', async () => {
    const user = await world.user();
    const signedIn = await user.signIn();
    const other = await user.signIn();
    await user.enrollTotp(bearer(other).authorization);
    await world.advance(60);
    const { flowToken } = await stepUp(bearer(signedIn));
    const done = await world.a.mutate(
      'verifyChallenge',
      { flowToken, proof: { code: await user.code() } },
      GOT,
    );
    expect(done.tokens.session).toMatchObject({ assurance: 'AAL2', methods: ['pwd', 'otp', 'mfa'] });
    expect((await startEnrollment(bearer(signedIn))).errors).toMatchObject([{ code: 'STEP_UP_REQUIRED' }]);
    expect((await startEnrollment(bearer(done))).errors).toEqual([]);
  });

  it('asks nothing where the proof is fresh enough, and makes it no fresher', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const signedIn = await user.signInWithTotp();
    await world.advance(100);
    const done = await stepUp(bearer(signedIn), { maxAgeSeconds: 100 });
    expect(done).toMatchObject({
      errors: [],
      flow: { status: 'COMPLETED', reason: 'CHALLENGE_NOT_NEEDED' },
      tokens: { refreshToken: null, session: { authenticatedAt: signedIn.tokens.session.authenticatedAt } },
    });
    await world.advance(1);
    expect((await stepUp(bearer(signedIn), { maxAgeSeconds: 100 })).flow.status).toBe('CHALLENGE_PENDING');
    expect((await stepUp(bearer(signedIn), { maxAgeSeconds: 0 })).flow.status).toBe('CHALLENGE_PENDING');
  });

  it('shows its message on the phone, which signs it', async () => {
    const { phone, authorization } = await userWithPhone(world);
    const message = 'Pay €500 to Bob';
    const { flow, flowToken } = await stepUp({ authorization }, { message });
    const approval = await asked(phone);
    expect(approval).toMatchObject({ purpose: 'STEP_UP', message });
    const number = flow.challenge.numberToMatch as string;
    for (const other of ['Pay €5 to Bob', null]) {
      expect((await phone.respond({ ...approval, message: other }, 'APPROVE', number)).errors).toMatchObject([
        { code: 'INVALID_PROOF' },
      ]);
    }
    await approve(phone, number);
    const done = await complete(world.a, flowToken);
    expect(done.tokens).toMatchObject({ refreshToken: null, session: { assurance: 'AAL2' } });
  });

  it('refuses a level that no factor of the account reaches', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const signedIn = await user.signInWithTotp();
    expect((await stepUp(bearer(signedIn), { minimumAssurance: 'AAL3' })).errors).toMatchObject([
      { code: 'FACTOR_NOT_AVAILABLE' },
    ]);
  });

  it('gives nothing once its session has ended', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const signedIn = await user.signInWithTotp();
    await world.advance(60);
    const { flowToken } = await stepUp(bearer(signedIn));
    await world.a.mutate('signOut', {}, 'user { id }', bearer(signedIn));
    const done = await world.a.mutate(
      'verifyChallenge',
      { flowToken, proof: { code: await user.code() } },
      GOT,
    );
    expect(done).toMatchObject({ tokens: null, errors: [{ code: 'INVALID_TOKEN' }] });
  });
});
