import { describeOnEachBackend } from '../support/backends';
import { codeOf, mailedCode } from '../support/attempts';
import { GOT, World } from '../support/world';

const PASSPHRASE = 'violet-harbour-nine-kettles';

describeOnEachBackend('sign-up', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  const signUp = (email: string, more: object = {}) =>
    world.a.mutate('signUp', { email, password: PASSPHRASE, ...more }, GOT);
  const verify = (flowToken: string, code: string, gateway = world.a) =>
    gateway.mutate('verifyChallenge', { flowToken, proof: { code } }, GOT);

  it('a new address is proven by a code, and the account begins with its session', async () => {
    const begun = await signUp('new@example.com', { displayName: 'Nora', locale: 'de-CH' });
    expect(begun).toMatchObject({
      errors: [],
      tokens: null,
      flow: {
        purpose: 'SIGN_UP',
        status: 'CHALLENGE_PENDING',
        accountHint: null,
        factors: [],
        challenge: { kind: 'EMAIL', sentTo: 'n••@example.com', codeLength: 8, factor: null },
      },
    });
    expect(
      await world.database.row('SELECT 1 FROM users WHERE email = $1', ['new@example.com']),
    ).toBeUndefined();
    const done = await verify(begun.flowToken, await mailedCode(world, 'new@example.com'), world.b);
    expect(done).toMatchObject({
      errors: [],
      flow: { status: 'COMPLETED' },
      tokens: { session: { assurance: 'AAL1', methods: ['pwd'] } },
    });
    const { data } = await world.a.ask(
      '{ viewer { email isEmailVerified displayName locale status } }',
      {},
      { authorization: `Bearer ${done.tokens.accessToken as string}` },
    );
    expect(data.viewer).toEqual({
      email: 'new@example.com',
      isEmailVerified: true,
      displayName: 'Nora',
      locale: 'de-CH',
      status: 'ACTIVE',
    });
    const again = await world.a.mutate('signIn', { email: 'new@example.com', password: PASSPHRASE }, GOT);
    expect(again.flow.status).toBe('COMPLETED');
  });

  it('a lost reply of the last step gives the same session once more', async () => {
    const begun = await signUp('lost@example.com');
    const code = await mailedCode(world, 'lost@example.com');
    const first = await verify(begun.flowToken, code);
    const second = await verify(begun.flowToken, code, world.b);
    expect(second.tokens.session.id).toBe(first.tokens.session.id);
    expect(second.tokens.refreshToken).toBe(first.tokens.refreshToken);
  });

  it('the reply for a known address is the same, its owner is told, and no code is right', async () => {
    const user = await world.user();
    const strangers = await signUp('nobody-yet@example.com');
    const owners = await signUp(user.email);
    const shape = (got: typeof owners) => ({
      ...got,
      flowToken: typeof got.flowToken,
      flow: { ...got.flow, id: '', challenge: { ...got.flow.challenge, id: '', sentTo: '' } },
    });
    expect(shape(owners)).toEqual(shape(strangers));
    const mail = (await world.inbox()).filter(({ to }) => to === user.email).at(-1);
    expect(mail?.subject).toMatch(/account/i);
    expect(mail?.text).not.toMatch(/\b\d{8}\b/);
    expect(codeOf(await verify(owners.flowToken, '12345678'))).toBe('INVALID_CODE');
    expect((await user.signIn()).flow.status).toBe('COMPLETED');
  });

  it('two sign-ups for one address do not meet: the first proven one has it', async () => {
    const one = await signUp('twice@example.com', { displayName: 'One' });
    const oneCode = await mailedCode(world, 'twice@example.com');
    const two = await signUp('twice@example.com', { displayName: 'Two' });
    const twoCode = await mailedCode(world, 'twice@example.com');
    expect((await verify(two.flowToken, twoCode)).flow.status).toBe('COMPLETED');
    expect(codeOf(await verify(one.flowToken, oneCode))).toBe('CONFLICT');
    const rows = await world.database.rows('SELECT display_name FROM users WHERE email_key = $1', [
      'twice@example.com',
    ]);
    expect(rows).toEqual([{ displayName: 'Two' }]);
  });

  it('bad input is told field by field, and a weak password before any message', async () => {
    expect(await signUp('no address')).toMatchObject({
      errors: [{ code: 'INVALID_INPUT', path: ['input', 'email'] }],
    });
    expect(await signUp('bad@example.com', { locale: '??' })).toMatchObject({
      errors: [{ code: 'INVALID_INPUT', path: ['input', 'locale'] }],
    });
    expect(await signUp('weak@example.com', { password: 'short' })).toMatchObject({
      errors: [{ code: 'WEAK_PASSWORD', path: ['input', 'password'] }],
    });
    expect(
      (await world.inbox()).filter(({ to }) => to === 'weak@example.com' || to === 'bad@example.com'),
    ).toEqual([]);
  });

  it('five wrong codes end it, and no account comes of it', async () => {
    const begun = await signUp('guess@example.com');
    const right = await mailedCode(world, 'guess@example.com');
    const wrong = right === '00000000' ? '11111111' : '00000000';
    const codes: (string | undefined)[] = [];
    for (let tries = 0; tries < 5; tries += 1) codes.push(codeOf(await verify(begun.flowToken, wrong)));
    expect(codes.at(-1)).toBe('TOO_MANY_ATTEMPTS');
    expect(codeOf(await verify(begun.flowToken, right))).toBe('INVALID_TOKEN');
  });

  it('the code can be sent again after a minute, and the older one is dead', async () => {
    const begun = await signUp('again@example.com');
    const older = await mailedCode(world, 'again@example.com');
    const resend = () => world.a.mutate('startChallenge', { flowToken: begun.flowToken }, GOT);
    expect(codeOf(await resend())).toBe('TOO_SOON');
    await world.advance(61);
    expect((await resend()).errors).toEqual([]);
    const newer = await mailedCode(world, 'again@example.com');
    if (newer !== older) expect(codeOf(await verify(begun.flowToken, older))).toBe('INVALID_CODE');
    expect((await verify(begun.flowToken, newer)).flow.status).toBe('COMPLETED');
  });
});

describeOnEachBackend('sign-up switched off', (backend) => {
  it('is refused before anything is done', async () => {
    const world = await World.open(backend, { environment: { SIGN_UP: 'off' } });
    const refused = await world.a.mutate('signUp', { email: 'x@example.com', password: PASSPHRASE }, GOT);
    expect(codeOf(refused)).toBe('BLOCKED_BY_POLICY');
    expect((await world.a.ask('{ gateway { isSignUpAllowed } }')).data.gateway.isSignUpAllowed).toBe(false);
    expect(await world.inbox()).toEqual([]);
    await world.close();
  });
});
