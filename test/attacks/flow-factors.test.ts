/**
 * The attack: proving the second step with something that is not a second factor of that account now: another user's
 * app, the same app twice, a challenge of another flow, or the account's own after it was locked.
 * The guarantee: only a factor of the flow's own user counts, once, and the account's state is read again in the
 * transaction that opens the session. No answer tells which part was wrong.
 */
import { answer, codeOf, flowTokens, sessionCount, userWithApp, wrongCode } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import { GOT, World, type TestUser } from '../support/world';

const SHOWN = `flow { status reason challenge { kind ... on CodeChallenge { attemptsRemaining } } } tokens { accessToken }`;

describeOnEachBackend('second factors that are none', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  const lock = (user: TestUser) =>
    world.database.affected(`UPDATE users SET status = 'LOCKED', locked_until = NULL WHERE id = $1`, [
      user.id,
    ]);

  test('FLOW-07 the app of another user is a wrong code like any other', async () => {
    const [ada, eve] = [await userWithApp(world), await userWithApp(world)];
    const [first, second] = (await flowTokens(world, ada, 2)) as [string, string];
    const said = (flowToken: string, code: string) =>
      world.a.mutate('verifyChallenge', { flowToken, proof: { code } }, SHOWN);
    const foreign = await said(first, await eve.code());
    expect(foreign).toEqual(await said(second, await wrongCode(world, ada)));
    expect(codeOf(foreign)).toBe('INVALID_CODE');
    const [own] = (await flowTokens(world, eve, 1)) as [string];
    expect((await answer(world.a, own, await eve.code())).flow.status).toBe('COMPLETED');
  });

  test('FLOW-07 the factor of another user is not there, and no token is any token', async () => {
    const [ada, eve] = [await userWithApp(world), await userWithApp(world)];
    const { flowToken } = await ada.signIn();
    const factorId = (await eve.signIn()).flow.factors[0].id as string;
    const foreign = await world.a.mutate('startChallenge', { flowToken, factorId }, SHOWN);
    const madeUp = await world.a.mutate('startChallenge', { flowToken, factorId: 'fct_none' }, SHOWN);
    expect(foreign.errors).toEqual(madeUp.errors);
    expect(codeOf(foreign)).toBe('NOT_FOUND');
    for (const made of ['A'.repeat(43), `${String(flowToken)}x`, String(flowToken).slice(0, -1), '']) {
      const reply = await answer(world.a, made, await ada.code());
      expect([reply.flow, reply.tokens]).toEqual([null, null]);
      expect(['INVALID_TOKEN', 'INVALID_INPUT']).toContain(codeOf(reply));
    }
    expect((await answer(world.a, flowToken, await ada.code())).flow.status).toBe('COMPLETED');
  });

  test('FLOW-07 the challenge of another flow cannot be answered in this one', async () => {
    const user = await userWithApp(world);
    const [one, other] = [await user.signIn(), await user.signIn()];
    const input = {
      flowToken: one.flowToken,
      challengeId: other.flow.challenge.id,
      proof: { code: await user.code() },
    };
    expect(codeOf(await world.a.mutate('verifyChallenge', input, GOT))).toBe('CHALLENGE_CLOSED');
  });

  test('FLOW-06 an authenticator app counts as one factor, and its code once', async () => {
    const user = await userWithApp(world);
    const { tokens } = await user.signInWithTotp();
    const authorization = `Bearer ${tokens.accessToken as string}`;
    const second = await user.enrollTotp(authorization);
    expect(tokens.session.methods).toEqual(['pwd', 'otp', 'mfa']);

    // Two apps are two codes of one kind: they do not add up to more than one.
    const better = await user.signIn({ minimumAssurance: 'AAL2_PHR' });
    expect([better.tokens, codeOf(better)]).toEqual([null, 'BLOCKED_BY_POLICY']);

    await world.advance(60);
    const begun = await user.signIn();
    const app = begun.flow.challenge.factor.id === second ? 1 : 0;
    const done = await answer(world.a, begun.flowToken, await user.code(0, app));
    expect(done.tokens.session).toMatchObject({ assurance: 'AAL2', methods: ['pwd', 'otp', 'mfa'] });
  });

  test('FLOW-06 a password is no second factor beside a password', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const stepUp = await world.a.mutate('startStepUp', { password: 'correct-horse-battery-staple' }, GOT, {
      authorization,
    });
    expect(stepUp.errors).toEqual([]);
    expect(stepUp.tokens.session).toMatchObject({ assurance: 'AAL1', methods: ['pwd'] });
  });

  test('FLOW-08 who is locked between the two steps gets no session, and no code is used up', async () => {
    const user = await userWithApp(world);
    const before = await sessionCount(world, user);
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    await lock(user);
    const refused = await answer(world.a, flowToken, await user.code());
    expect([refused.tokens, codeOf(refused)]).toEqual([null, 'INVALID_TOKEN']);
    expect(await sessionCount(world, user)).toBe(before);
    await world.database.affected(`UPDATE users SET status = 'ACTIVE' WHERE id = $1`, [user.id]);
    const [next] = (await flowTokens(world, user, 1)) as [string];
    expect((await answer(world.a, next, await user.code())).flow.status).toBe('COMPLETED');
  });

  test('FLOW-08 who is locked after signing in cannot refresh, nor use the token, at once', async () => {
    const user = await userWithApp(world);
    const { tokens } = await user.signInWithTotp();
    const authorization = `Bearer ${tokens.accessToken as string}`;
    expect((await world.a.ask('{ viewer { id } }', {}, { authorization })).data.viewer.id).toBe(user.id);
    await lock(user);
    const refreshed = await world.a.mutate(
      'refreshTokens',
      { refreshToken: tokens.refreshToken },
      'tokens { accessToken }',
    );
    expect([refreshed.tokens, codeOf(refreshed)]).toEqual([null, 'INVALID_TOKEN']);
    const seen = await world.a.ask('{ viewer { id } }', {}, { authorization });
    expect(seen.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});
