/**
 * The attack: guessing six digits with the victim's password in hand: from many flows, addresses and processes, all at
 * one instant, after emptying Redis or a restart, and with every act between guesses that might start the count anew.
 * The guarantee: wrong answers count per user, are charged before they are looked at, and make the account wait 30 s,
 * 60 s … 1 h; after 100 no code is looked at until a phone has proven the user.
 */
import {
  answer,
  codeOf,
  flowTokens,
  flushRedis,
  guesses,
  liftFlowLimit,
  refusals,
  stepUpTokens,
  userWithApp,
  wrongCode,
} from '../support/attempts';
import { describeOnServers, embedded } from '../support/backends';
import { GOT, PASSWORD, World, type TestUser } from '../support/world';

const DELAYS = [30, 60, 120, 240, 480, 960, 1920, 3600, 3600];

const bearer = (payload: { tokens: { accessToken: string } }): string =>
  `Bearer ${payload.tokens.accessToken}`;

describe('guessing codes', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded)));
  afterAll(() => world.close());

  const secondsUntil = (retryAt: Date | string): number =>
    Math.round((new Date(retryAt).getTime() - world.clock.now().getTime()) / 1000);

  /** One wrong answer in a new flow. */
  async function guessWrong(user: TestUser) {
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    return answer(world.a, flowToken, await wrongCode(world, user));
  }

  test('RL-02 from the 5th failure the account waits 30 s, doubling to an hour', async () => {
    const user = await userWithApp(world);
    for (let failure = 1; failure <= 4; failure += 1) {
      expect(codeOf(await guessWrong(user))).toBe('INVALID_CODE');
      expect((await guesses(world, user)).retryAt).toBeNull();
    }
    for (const [index, delay] of DELAYS.entries()) {
      expect(codeOf(await guessWrong(user))).toBe('INVALID_CODE');
      const { count, retryAt } = await guesses(world, user);
      expect([count, secondsUntil(retryAt as Date)]).toEqual([index + 5, delay]);
      await world.advance(delay - 1);
      expect(codeOf(await guessWrong(user))).toBe('RATE_LIMITED');
      await world.advance(1);
    }
  });

  test('RL-02 at 100 failures no code is looked at any more, until a phone has proven the user', async () => {
    const user = await userWithApp(world);
    const phone = await user.pairPhone(bearer(await user.signInWithTotp()));
    // With the factor chosen: a phone is not rung from a browser never seen before.
    const begin = async () => {
      await liftFlowLimit(world);
      return world.a.mutate('signIn', { email: user.email, password: PASSWORD, autoStart: false }, GOT);
    };
    const { flow } = await begin();
    const idOf = (kind: string): string =>
      flow.factors.find((factor: { kind: string }) => factor.kind === kind).id as string;
    const byCode = async (code: string) => {
      const { flowToken } = await begin();
      await world.a.mutate('startChallenge', { flowToken, factorId: idOf('TOTP') }, GOT);
      return answer(world.a, flowToken as string, code);
    };
    await byCode(await wrongCode(world, user));
    // The next 98, each an hour after the one before.
    await world.database.affected('UPDATE limit_counter SET count = 99 WHERE key = $1', [`guess:${user.id}`]);
    expect(codeOf(await byCode(await wrongCode(world, user)))).toBe('INVALID_CODE');
    expect((await guesses(world, user)).count).toBe(100);
    await world.advance(48 * 3600);
    expect(codeOf(await byCode(await user.code()))).toBe('RATE_LIMITED');
    expect(codeOf(await byCode(await wrongCode(world, user)))).toBe('RATE_LIMITED');
    expect((await guesses(world, user)).count).toBe(100);

    const { flow: offered, flowToken } = await begin();
    expect(offered.factors.map((factor: { kind: string }) => factor.kind)).toEqual(['PUSH']);
    const rung = await world.a.mutate('startChallenge', { flowToken, factorId: idOf('PUSH') }, GOT);
    const [asked] = await phone.approvals();
    if (!asked) throw new Error('nothing waits on the phone');
    await phone.respond(asked, 'APPROVE', rung.flow.challenge.numberToMatch as string);
    expect((await world.a.mutate('completeAuthFlow', { flowToken }, GOT)).flow.status).toBe('COMPLETED');
    expect((await byCode(await user.code())).flow.status).toBe('COMPLETED');
  });

  test('RL-05 inside the delay the right code is refused like any other, and the delay does not move', async () => {
    const user = await userWithApp(world);
    const [flowToken, spare] = (await flowTokens(world, user, 2)) as [string, string];
    for (let failure = 1; failure <= 4; failure += 1)
      await answer(world.a, flowToken, await wrongCode(world, user));
    await answer(world.a, spare, await wrongCode(world, user));
    const { count, retryAt } = await guesses(world, user);
    await world.advance(10);
    const wrong = await answer(world.a, spare, await wrongCode(world, user));
    const right = await answer(world.a, spare, await user.code());
    expect(right.errors).toEqual(wrong.errors);
    expect(right.errors).toMatchObject([{ code: 'RATE_LIMITED', retryAt: (retryAt as Date).toISOString() }]);
    for (let hammered = 0; hammered < 20; hammered += 1) await answer(world.a, spare, '123456');
    expect(await guesses(world, user)).toEqual({ count, retryAt });
    await world.advance(20);
    expect((await answer(world.a, spare, await user.code())).flow.status).toBe('COMPLETED');
    expect((await guesses(world, user)).count).toBe(0);
  });

  test('RL-03 the charge outlives a sign-in that fails in the database, and the code is not used up', async () => {
    const user = await userWithApp(world);
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    await world.database.rows('ALTER TABLE session RENAME TO session_away');
    const query =
      'mutation($input: VerifyChallengeInput!) { verifyChallenge(input: $input) { tokens { accessToken } } }';
    const input = { flowToken, proof: { code: await user.code() } };
    const crashed = await world.a.ask(query, { input });
    expect(crashed.errors?.[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(crashed.data?.verifyChallenge ?? null).toBeNull();
    await world.database.rows('ALTER TABLE session_away RENAME TO session');
    expect((await guesses(world, user)).count).toBe(1);
    expect((await answer(world.a, flowToken, await user.code())).flow.status).toBe('COMPLETED');
    expect((await guesses(world, user)).count).toBe(0);
  });

  test('RL-09 nothing but a right code starts the count anew', async () => {
    const user = await userWithApp(world);
    const signedIn = bearer(await user.signInWithTotp());
    for (let failure = 1; failure <= 4; failure += 1) await guessWrong(user);
    const acts: Record<string, () => Promise<unknown>> = {
      'a new flow': () => user.signIn(),
      'another challenge': async () => {
        const { flowToken, flow } = await user.signIn({ autoStart: false });
        await world.a.mutate('startChallenge', { flowToken, factorId: flow.factors[0].id }, GOT);
      },
      'a canceled flow': async () =>
        world.a.mutate('cancelAuthFlow', { flowToken: (await user.signIn()).flowToken as string }, GOT),
      'another app': () => user.enrollTotp(signedIn),
      'a new phone': () => user.pairPhone(signedIn),
      'a wrong password': () => user.signIn({ password: 'not-the-password-at-all' }),
      'signing out': () =>
        world.a.mutate('signOut', { allSessions: true }, 'user { id }', { authorization: signedIn }),
      sweeping: () => world.settle(),
    };
    for (const [name, act] of Object.entries(acts)) {
      await liftFlowLimit(world);
      await act();
      expect([name, (await guesses(world, user)).count]).toEqual([name, 4]);
    }
    const { flowToken, flow } = await user.signIn({ autoStart: false });
    const app = flow.factors.find((factor: { kind: string }) => factor.kind === 'TOTP');
    await world.a.mutate('startChallenge', { flowToken, factorId: app.id }, GOT);
    await answer(world.a, flowToken, await wrongCode(world, user));
    expect(secondsUntil((await guesses(world, user)).retryAt as Date)).toBe(30);
  });

  test('RL-08 a document with two answers is refused and neither is looked at', async () => {
    const user = await userWithApp(world);
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    const input = { flowToken, proof: { code: await user.code() } };
    const two = await world.a.ask(
      `mutation($input: VerifyChallengeInput!) { a: verifyChallenge(input: $input) { tokens { accessToken } }
         b: verifyChallenge(input: $input) { tokens { accessToken } } }`,
      { input },
    );
    expect(two.errors?.[0]?.extensions.code).toBe('OPERATION_REJECTED');
    const one = {
      query: 'mutation($input: VerifyChallengeInput!) { verifyChallenge(input: $input) { errors { code } } }',
      variables: { input },
    };
    const batch = await fetch(world.a.graphqlUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([one, one]),
    });
    expect(batch.status).toBe(400);
    expect(await refusals(world, user)).toEqual([]);
    expect((await guesses(world, user)).count).toBe(0);
    expect((await answer(world.a, flowToken, await user.code())).flow.status).toBe('COMPLETED');
  });
});

describeOnServers('guessing codes on two processes', (backend) => {
  let world: World;
  beforeAll(
    async () =>
      (world = await World.open(backend, { gateways: 2, environment: { TRUST_PROXY: '127.0.0.1' } })),
  );
  afterAll(() => world.close());

  test('RL-01 RL-03 of 200 wrong answers at once, in 200 flows from 200 addresses, at most 5 are looked at', async () => {
    const user = await userWithApp(world);
    const flows = await stepUpTokens(world, bearer(await user.signInWithTotp()), 200);
    const code = await wrongCode(world, user);
    const replies = await Promise.all(
      flows.map((token, index) =>
        answer(index % 2 ? world.a : world.b, token, code, {
          headers: { 'x-forwarded-for': `198.51.100.${String(index)}` },
        }),
      ),
    );
    expect(replies.filter((reply) => codeOf(reply) === 'INVALID_CODE').length).toBeLessThanOrEqual(5);
    expect(replies.filter((reply) => codeOf(reply) === 'RATE_LIMITED').length).toBeGreaterThanOrEqual(195);
    expect((await refusals(world, user)).length).toBe(5);
    expect((await guesses(world, user)).count).toBe(5);
  });

  test('RL-02 of 50 wrong answers at once in one flow at most 5 are looked at, and the flow ends', async () => {
    const user = await userWithApp(world);
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    const code = await wrongCode(world, user);
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) => answer(index % 2 ? world.a : world.b, flowToken, code)),
    );
    expect(replies.filter((reply) => codeOf(reply) === 'TOO_MANY_ATTEMPTS')).toHaveLength(1);
    expect((await refusals(world, user)).length).toBe(5);
    expect((await user.signIn()).flow.status).toBe('CHALLENGE_PENDING');
  });

  test('RL-04 neither an emptied Redis nor a restart of all processes resets a failure', async () => {
    const user = await userWithApp(world);
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    for (let failure = 1; failure <= 4; failure += 1)
      await answer(world.a, flowToken, await wrongCode(world, user));
    await flushRedis(world.redisUrl ?? '');
    await world.restart();
    expect(codeOf(await answer(world.b, flowToken, await wrongCode(world, user)))).toBe('TOO_MANY_ATTEMPTS');
    const { count, retryAt } = await guesses(world, user);
    expect([count, (retryAt as Date).getTime() - world.clock.now().getTime()]).toEqual([5, 30_000]);
    await flushRedis(world.redisUrl ?? '');
    await world.restart();
    const [next] = (await flowTokens(world, user, 1)) as [string];
    expect(codeOf(await answer(world.a, next, await user.code()))).toBe('RATE_LIMITED');
  });
});
