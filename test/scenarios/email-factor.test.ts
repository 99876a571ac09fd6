import { answer, codeOf, mailedCode } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import {
  SENDING,
  arrived,
  askCode,
  enrollByCode,
  liftSendLimits,
  otherCode,
  startByCode,
} from '../support/sent-codes';
import { GOT, World, type TestUser } from '../support/world';

const codesAt = async (world: World, to: string): Promise<number> =>
  (await arrived(world, to)).filter(({ text }) => /^\d{6,8}$/m.test(text)).length;

describeOnEachBackend('e-mail as a factor', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { environment: SENDING })));
  afterAll(() => world.close());
  beforeEach(() => liftSendLimits(world));

  async function userWithMail(): Promise<{ user: TestUser; factorId: string }> {
    const user = await world.user();
    return { user, factorId: await enrollByCode(world, user, { email: user.email }) };
  }
  async function signedIn(user: TestUser, factorId: string, to = user.email): Promise<string> {
    const got = await askCode(world, user, factorId);
    const done = await answer(world.a, got.flowToken, await mailedCode(world, to));
    return `Bearer ${done.tokens.accessToken as string}`;
  }

  it('without an address given it is the account’s, proven by a code of six digits', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const started = await startByCode(world, authorization, { kind: 'EMAIL' });
    expect(started.enrollment.setup).toMatchObject({
      __typename: 'CodeSetup',
      sentTo: 'u••@example.com',
      codeLength: 6,
    });
    expect(await mailedCode(world, user.email)).toMatch(/^\d{6}$/);
  });

  it('opens a session that names it', async () => {
    const { user, factorId } = await userWithMail();
    const got = await user.signIn();
    expect(got.flow).toMatchObject({
      status: 'CHALLENGE_PENDING',
      challenge: { kind: 'EMAIL', sentTo: 'u••@example.com', codeLength: 6, delivery: 'QUEUED' },
    });
    expect(got.flow.factors[0]).toMatchObject({
      id: factorId,
      kind: 'EMAIL',
      hint: 'u••@example.com',
      label: 'E-mail address',
    });
    const code = await mailedCode(world, user.email);
    const wrong = await answer(world.a, got.flowToken, otherCode(code));
    expect(wrong.errors).toMatchObject([{ code: 'INVALID_CODE', attemptsRemaining: 4 }]);
    const done = await answer(world.a, got.flowToken, code);
    expect(done.tokens.session).toMatchObject({ assurance: 'AAL2', methods: ['pwd', 'email', 'mfa'] });
  });

  it('a code of eight digits is a wrong answer to it, and other lengths are no answer', async () => {
    const { user, factorId } = await userWithMail();
    const got = await askCode(world, user, factorId);
    const code = await mailedCode(world, user.email);
    expect(codeOf(await answer(world.a, got.flowToken, `${code}7`))).toBe('INVALID_INPUT');
    expect(codeOf(await answer(world.a, got.flowToken, `${code}77`))).toBe('INVALID_CODE');
    expect((await answer(world.a, got.flowToken, code)).flow.status).toBe('COMPLETED');
  });

  it('another address may be added, spelled one way only', async () => {
    const { user, factorId } = await userWithMail();
    const authorization = await signedIn(user, factorId);
    for (const email of ['no address', 'a@b', 'a@example.com\nbcc: x@example.com']) {
      const refused = await startByCode(world, authorization, { kind: 'EMAIL', email });
      expect([email, refused.errors]).toMatchObject([
        email,
        [{ code: 'INVALID_INPUT', path: ['input', 'email'] }],
      ]);
    }
    for (const email of [user.email, user.email.toUpperCase(), ` ${user.email} `]) {
      const refused = await startByCode(world, authorization, { kind: 'EMAIL', email });
      expect([email, codeOf(refused)]).toEqual([email, 'FACTOR_ALREADY_ENROLLED']);
    }
    const before = await codesAt(world, user.email);
    const second = await enrollByCode(world, user, { email: 'second@example.org' }, authorization);
    await world.advance(60);
    await signedIn(user, second, 'second@example.org');
    expect(await codesAt(world, user.email)).toBe(before);
  });

  it.each([
    ['per user', 'email-user-hour', 5],
    ['per address', 'email-to-hour', 5],
    ['per address of the network', 'email-address', 20],
  ])('codes are limited %s before they are sent', async (_name, limit, count) => {
    const { user, factorId } = await userWithMail();
    for (;;) {
      await world.database.affected(
        `DELETE FROM limit_counter WHERE key LIKE 'flow:%' OR key LIKE 'email-%' AND key NOT LIKE $1 || ':%'`,
        [limit],
      );
      const got = await askCode(world, user, factorId);
      if (got.errors.length === 0) continue;
      expect(codeOf(got)).toBe('RATE_LIMITED');
      break;
    }
    expect(await codesAt(world, user.email)).toBe(count);
  });
});

describeOnEachBackend('e-mail that is no factor', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());
  beforeEach(async () => {
    await liftSendLimits(world);
    await world.database.affected(`DELETE FROM limit_counter WHERE key LIKE 'address-flow:%'`);
  });
  const reset = (email: string) => world.a.mutate('startPasswordReset', { email }, GOT);

  it('is off by default: neither shown nor added', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const { data } = await world.a.ask(
      '{ gateway { enabledKinds } viewer { enrollableKinds } }',
      {},
      { authorization },
    );
    expect(data.gateway.enabledKinds).not.toContain('EMAIL');
    expect(data.viewer.enrollableKinds).not.toContain('EMAIL');
    expect(codeOf(await startByCode(world, authorization, { kind: 'EMAIL' }))).toBe('FACTOR_NOT_AVAILABLE');
  });

  it('proves addresses all the same, by eight digits that live ten minutes', async () => {
    const user = await world.user();
    const got = await reset(user.email);
    expect(got.flow.challenge).toMatchObject({
      kind: 'EMAIL',
      codeLength: 8,
      sentTo: 'u••@example.com',
      factor: null,
      expiresAt: new Date(world.clock.now().getTime() + 600_000).toISOString(),
      resendableAt: new Date(world.clock.now().getTime() + 60_000).toISOString(),
    });
    const code = await mailedCode(world, user.email);
    expect(code).toMatch(/^\d{8}$/);
    expect(codeOf(await answer(world.a, got.flowToken, otherCode(code)))).toBe('INVALID_CODE');
    expect((await answer(world.a, got.flowToken, code)).flow.status).toBe('NEW_PASSWORD_REQUIRED');
  });

  it('ENU-03 an unknown address gets a message without a code, and no answer is right', async () => {
    const got = await reset('nobody-here@example.com');
    expect(got.flow.challenge).toMatchObject({ codeLength: 8, sentTo: 'n••@example.com' });
    const [message] = await arrived(world, 'nobody-here@example.com');
    expect(message?.subject).toContain('No account');
    expect(message?.text).not.toMatch(/\d{6}/);
    expect(codeOf(await answer(world.a, got.flowToken, '12345678'))).toBe('INVALID_CODE');
  });

  it.each(['known', 'unknown'])('a %s address gets three messages an hour and five a day', async (which) => {
    const email = which === 'known' ? (await world.user()).email : 'stranger@example.com';
    const got: (string | undefined)[] = [];
    for (let asked = 0; asked < 4; asked += 1)
      got.push(codeOf(await reset(asked % 2 ? email : email.toUpperCase())));
    expect(got).toEqual([undefined, undefined, undefined, 'RATE_LIMITED']);
    expect((await world.inbox()).filter(({ to }) => to.toLowerCase() === email)).toHaveLength(3);
    await world.advance(3601);
    got.length = 0;
    for (let asked = 0; asked < 3; asked += 1) got.push(codeOf(await reset(email)));
    expect(got).toEqual([undefined, undefined, 'RATE_LIMITED']);
    const sent = (await world.inbox()).filter(({ to }) => to.toLowerCase() === email);
    expect(sent).toHaveLength(5);
  });
});
