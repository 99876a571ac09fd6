import { describeOnEachBackend } from '../support/backends';
import { GOT, World } from '../support/world';

describeOnEachBackend('signing in with an authenticator app', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  it('asks who has enrolled an app for its code, and opens the session with the right one', async () => {
    const ada = await world.user();
    await ada.enrollTotp();
    await world.advance(60);
    const begun = await ada.signIn();
    expect(begun).toMatchObject({
      tokens: null,
      errors: [],
      flow: {
        status: 'CHALLENGE_PENDING',
        accountHint: 'u••@example.com',
        promptReasons: ['POLICY', 'NEW_DEVICE'],
        requiredAssurance: 'AAL2',
        challenge: {
          __typename: 'CodeChallenge',
          kind: 'TOTP',
          codeLength: 6,
          codeFormat: 'NUMERIC',
          attemptsRemaining: 5,
        },
      },
    });
    const { flowToken } = begun;
    const done = await world.a.mutate(
      'verifyChallenge',
      { flowToken, proof: { code: await ada.code() } },
      GOT,
    );
    expect(done.errors).toEqual([]);
    expect(done.flow.status).toBe('COMPLETED');
    expect(done.tokens.session).toMatchObject({ assurance: 'AAL2', methods: ['pwd', 'otp', 'mfa'] });
  });

  it('lets a user without a factor in with the password alone', async () => {
    const got = await (await world.user()).signIn();
    expect(got).toMatchObject({
      errors: [],
      flow: { status: 'COMPLETED', requiredAssurance: 'AAL1' },
      tokens: { session: { assurance: 'AAL1', methods: ['pwd'] } },
    });
  });

  it('accepts the codes of the step before, of now and of the step after, and no others', async () => {
    for (const [steps, isAccepted] of [
      [-2, false],
      [-1, true],
      [0, true],
      [1, true],
      [2, false],
    ] as const) {
      const user = await world.user();
      await user.enrollTotp();
      await world.advance(120);
      const { flowToken } = await user.signIn();
      const done = await world.a.mutate(
        'verifyChallenge',
        { flowToken, proof: { code: await user.code(steps) } },
        GOT,
      );
      expect([steps, done.tokens !== null]).toEqual([steps, isAccepted]);
    }
  });

  it('enrolls the first app inside a flow that asks for it, as that flow’s first proof', async () => {
    const user = await world.user();
    const begun = await user.signIn({ minimumAssurance: 'AAL2' });
    expect(begun).toMatchObject({
      tokens: null,
      flow: { status: 'ENROLLMENT_REQUIRED', enrollableKinds: ['TOTP', 'PUSH'] },
    });
    const { flowToken } = begun;
    const started = await world.a.mutate(
      'startEnrollment',
      { kind: 'TOTP', flowToken },
      'enrollmentToken enrollment { setup { ... on TotpSetup { secret } } }',
    );
    user.apps.push(started.enrollment.setup.secret.replaceAll(' ', ''));
    const confirmed = await world.a.mutate(
      'confirmEnrollment',
      { enrollmentToken: started.enrollmentToken, proof: { code: await user.code() } },
      'flow { status } enrollment { status setup { __typename } factor { kind } }',
    );
    expect(confirmed).toMatchObject({
      flow: { status: 'VERIFIED' },
      enrollment: { status: 'CONFIRMED', setup: null, factor: { kind: 'TOTP' } },
    });
    const done = await world.a.mutate('completeAuthFlow', { flowToken }, GOT);
    expect(done.tokens.session).toMatchObject({ assurance: 'AAL2', methods: ['pwd', 'otp', 'mfa'] });
  });
});
