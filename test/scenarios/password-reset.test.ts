import { describeOnEachBackend } from '../support/backends';
import { codeOf, mailedCode } from '../support/attempts';
import { GOT, PASSWORD, World, type TestUser } from '../support/world';

const NEW = 'violet-harbour-nine-kettles';

describeOnEachBackend('password reset', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  const start = (email: string) => world.a.mutate('startPasswordReset', { email }, GOT);
  const verify = (flowToken: string, code: string) =>
    world.b.mutate('verifyChallenge', { flowToken, proof: { code } }, GOT);
  const setPassword = (flowToken: string, newPassword = NEW) =>
    world.a.mutate('setPassword', { flowToken, newPassword }, GOT);
  const signInWith = (user: TestUser, password: string) =>
    world.a.mutate('signIn', { email: user.email, password }, GOT);

  it('who has no second factor proves the address and sets a password; every session ends', async () => {
    const user = await world.user();
    const before = await user.firstSignIn();
    const { flowToken } = await start(user.email);
    expect((await verify(flowToken, await mailedCode(world, user.email))).flow).toMatchObject({
      status: 'NEW_PASSWORD_REQUIRED',
      purpose: 'PASSWORD_RESET',
    });
    expect(codeOf(await setPassword(flowToken, 'short'))).toBe('WEAK_PASSWORD');
    const done = await setPassword(flowToken);
    expect(done).toMatchObject({ errors: [], tokens: null, flow: { status: 'COMPLETED' } });
    expect((await setPassword(flowToken)).errors).toEqual([]);
    expect(codeOf(await setPassword(flowToken, `${NEW}!`))).toBe('INVALID_TOKEN');
    expect(
      (await world.a.ask('{ viewer { id } }', {}, { authorization: before })).errors?.[0]?.extensions.code,
    ).toBe('UNAUTHENTICATED');
    expect(codeOf(await signInWith(user, PASSWORD))).toBe('INVALID_CREDENTIALS');
    expect((await signInWith(user, NEW)).flow.status).toBe('COMPLETED');
    const notices = (await world.inbox()).filter(
      ({ to, subject }) => to === user.email && /password/i.test(subject),
    );
    expect(notices.at(-1)?.text).toContain('/report?token=');
  });

  it('PWD-04 it never skips the second factor, and afterwards the factor is still asked for', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const { flowToken } = await start(user.email);
    const proven = await verify(flowToken, await mailedCode(world, user.email));
    expect(proven.flow).toMatchObject({
      status: 'CHALLENGE_REQUIRED',
      factors: [{ kind: 'TOTP' }, { kind: 'BACKUP_CODE' }],
    });
    expect(codeOf(await setPassword(flowToken))).toBe('WRONG_STATUS');
    await world.advance(60);
    const factorId = proven.flow.factors[0].id;
    await world.a.mutate('startChallenge', { flowToken, factorId }, GOT);
    expect((await verify(flowToken, await user.code())).flow.status).toBe('NEW_PASSWORD_REQUIRED');
    expect((await setPassword(flowToken)).flow.status).toBe('COMPLETED');
    expect((await signInWith(user, NEW)).flow.status).not.toBe('COMPLETED');
  });

  it('who signed in halfway with the old password gets no further', async () => {
    const user = await world.user();
    await user.enrollTotp();
    await world.advance(60);
    const halfway = await user.signIn();
    const { flowToken } = await start(user.email);
    const proven = await verify(flowToken, await mailedCode(world, user.email));
    await world.a.mutate('startChallenge', { flowToken, factorId: proven.flow.factors[0].id }, GOT);
    await verify(flowToken, await user.code());
    await setPassword(flowToken);
    await world.advance(60);
    expect(codeOf(await verify(halfway.flowToken, await user.code()))).toBe('INVALID_TOKEN');
  });

  it('a phone that approves leads to the new password as well', async () => {
    const user = await world.user();
    const phone = await user.pairPhone();
    const { flowToken } = await start(user.email);
    const proven = await verify(flowToken, await mailedCode(world, user.email));
    const factorId = proven.flow.factors[0].id;
    const rung = await world.a.mutate('startChallenge', { flowToken, factorId }, GOT);
    const [asked] = await phone.approvals();
    if (!asked) throw new Error('nothing waits on the phone');
    await phone.send(await phone.answer(asked, 'APPROVE', rung.flow.challenge.numberToMatch));
    expect((await setPassword(flowToken)).flow.status).toBe('COMPLETED');
  });

  it('ENU-03 for an unknown address, and for one with a second factor, the reply is the same', async () => {
    const plain = await world.user();
    const strong = await world.user();
    await strong.enrollTotp();
    const shapes = [];
    for (const email of [plain.email, strong.email, 'nobody-at-all@example.com']) {
      const got = await start(email);
      shapes.push({
        ...got,
        flowToken: typeof got.flowToken,
        flow: { ...got.flow, id: '', challenge: { ...got.flow.challenge, id: '', sentTo: '' } },
      });
    }
    expect(shapes[1]).toEqual(shapes[0]);
    expect(shapes[2]).toEqual(shapes[0]);
    const mail = (await world.inbox()).filter(({ to }) => to === 'nobody-at-all@example.com');
    expect(mail).toHaveLength(1);
    expect(mail[0]?.text).not.toMatch(/\b\d{8}\b/);
  });

  it('RL-06 guessing at a reset moves no counter of the user', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const { flowToken } = await start(user.email);
    const right = await mailedCode(world, user.email);
    const wrong = right === '00000000' ? '11111111' : '00000000';
    for (let tries = 0; tries < 5; tries += 1) await verify(flowToken, wrong);
    expect((await user.signInWithTotp()).flow.status).toBe('COMPLETED');
  });

  it('nothing of the account shows before the address is proven', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const { flow, flowToken } = await start(user.email);
    expect(flow).toMatchObject({ accountHint: null, factors: [], requiredAssurance: 'AAL1' });
    const [factor] = await world.database.rows<{ id: string }>(
      `SELECT id FROM factor WHERE kind = 'TOTP' AND user_id = $1`,
      [user.id],
    );
    const refused = await world.a.mutate('startChallenge', { flowToken, factorId: factor?.id }, GOT);
    expect(codeOf(refused)).toBe('NOT_FOUND');
  });

  it('it is limited per address, known or not', async () => {
    const user = await world.user();
    for (const email of [user.email, 'limited-nobody@example.com']) {
      const codes: (string | undefined)[] = [];
      for (let tries = 0; tries < 5; tries += 1) codes.push(codeOf(await start(email)));
      expect(codes).toContain('RATE_LIMITED');
      expect((await world.inbox()).filter(({ to }) => to === email).length).toBeLessThanOrEqual(3);
    }
  });
});

describeOnEachBackend('change of address', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  const change = (authorization: string, newEmail: string) =>
    world.a.mutate('changeEmail', { newEmail }, GOT, { authorization });
  const verify = (flowToken: string, code: string) =>
    world.a.mutate('verifyChallenge', { flowToken, proof: { code } }, GOT);

  it('the new address is proven first, and the old one is told', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const begun = await change(authorization, 'moved@example.com');
    expect(begun.flow).toMatchObject({ purpose: 'EMAIL_CHANGE', status: 'CHALLENGE_PENDING' });
    const code = await mailedCode(world, 'moved@example.com');
    expect(await verify(begun.flowToken, code)).toMatchObject({
      tokens: null,
      flow: { status: 'COMPLETED' },
    });
    expect((await verify(begun.flowToken, code)).errors).toEqual([]);
    const { data } = await world.a.ask('{ viewer { email isEmailVerified } }', {}, { authorization });
    expect(data.viewer).toEqual({ email: 'moved@example.com', isEmailVerified: true });
    const notices = (await world.inbox()).filter(({ to }) => to === user.email);
    expect(notices.map(({ subject }) => subject).join()).toMatch(/address/i);
  });

  it('an old session must step up first', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const { tokens } = await user.signInWithTotp();
    const authorization = `Bearer ${tokens.accessToken as string}`;
    await world.advance(301);
    const { accessToken } = (
      await world.a.mutate('refreshTokens', { refreshToken: tokens.refreshToken }, 'tokens { accessToken }')
    ).tokens;
    expect(codeOf(await change(`Bearer ${accessToken as string}`, 'stolen@example.com'))).toBe(
      'STEP_UP_REQUIRED',
    );
    expect(authorization).not.toBe('');
    expect((await world.inbox()).filter(({ to }) => to === 'stolen@example.com')).toEqual([]);
  });

  it('an address of somebody else is taken neither openly nor at all', async () => {
    const [user, other] = [await world.user(), await world.user()];
    const begun = await change(await user.firstSignIn(), other.email);
    expect(begun).toMatchObject({ errors: [], flow: { status: 'CHALLENGE_PENDING' } });
    expect((await world.inbox()).filter(({ to }) => to === other.email).at(-1)?.text).not.toMatch(
      /\b\d{8}\b/,
    );
    expect(codeOf(await change(await user.firstSignIn(), user.email))).toBe('INVALID_INPUT');
  });
});
