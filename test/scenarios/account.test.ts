import { describeOnEachBackend } from '../support/backends';
import { PASSWORD, World, type Ask } from '../support/world';

const TOKENS = 'tokens { accessToken refreshToken session { id assurance methods authenticatedAt } }';
const USER = 'user { id email displayName roles status accountType isEmailVerified }';

describeOnEachBackend('an account', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  const viewer = (ask: Ask) => world.a.ask('{ viewer { id } }', {}, ask);
  const refresh = (refreshToken: string) => world.a.mutate('refreshTokens', { refreshToken }, TOKENS);
  const bearer = (tokens: { accessToken: string }): Ask => ({
    authorization: `Bearer ${tokens.accessToken}`,
  });
  const signedInAs = async (role: 'USER' | 'HELP_DESK' | 'ADMIN'): Promise<Ask> => ({
    authorization: await (await world.user({ roles: [role] })).firstSignIn(),
  });

  it('is signed in for longer with each refresh token, once each, and is authenticated no later for it', async () => {
    const { tokens } = await (await world.user()).signIn();
    await world.advance(200);
    const refreshed = await refresh(tokens.refreshToken);
    expect(refreshed.errors).toEqual([]);
    expect(refreshed.tokens.refreshToken).not.toBe(tokens.refreshToken);
    const { id, assurance, methods, authenticatedAt } = tokens.session;
    expect(refreshed.tokens.session).toEqual({ id, assurance, methods, authenticatedAt });
    expect((await viewer(bearer(refreshed.tokens))).data.viewer).not.toBeNull();
  });

  it('loses the session in which an old refresh token is used', async () => {
    const { tokens } = await (await world.user()).signIn();
    const second = (await refresh(tokens.refreshToken)).tokens;
    const third = (await refresh(second.refreshToken)).tokens;
    expect((await refresh(tokens.refreshToken)).errors).toMatchObject([{ code: 'INVALID_TOKEN' }]);
    expect((await refresh(third.refreshToken)).errors).toMatchObject([{ code: 'INVALID_TOKEN' }]);
    expect((await viewer(bearer(third))).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('is signed out at once, here or everywhere', async () => {
    const user = await world.user();
    const [here, there, far] = [await user.signIn(), await user.signIn(), await user.signIn()];
    const ask = bearer(here.tokens);
    expect(await world.a.mutate('signOut', {}, 'user { id }', ask)).toMatchObject({
      user: { id: user.id },
      errors: [],
    });
    expect((await viewer(ask)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await refresh(here.tokens.refreshToken)).errors).toMatchObject([{ code: 'INVALID_TOKEN' }]);
    expect((await viewer(bearer(there.tokens))).data.viewer).toEqual({ id: user.id });

    await world.a.mutate('signOut', { allSessions: true }, 'user { id }', bearer(there.tokens));
    for (const { tokens } of [there, far]) {
      expect((await viewer(bearer(tokens))).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    }
    expect(await world.a.ask('mutation { signOut(input: {}) { user { id } } }')).toMatchObject({
      errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
    });
  });

  it('is made by an administrator, and its owner can sign in', async () => {
    const admin = await signedInAs('ADMIN');
    const wanted = { email: 'new@example.com', displayName: 'New', password: PASSWORD };
    const made = await world.a.mutate('createUser', wanted, USER, admin);
    expect(made).toMatchObject({
      errors: [],
      user: {
        email: 'new@example.com',
        displayName: 'New',
        roles: ['USER'],
        status: 'ACTIVE',
        accountType: 'PERSON',
        isEmailVerified: false,
      },
    });
    const { email, password } = wanted;
    const got = await world.a.mutate('signIn', { email, password }, TOKENS);
    expect(got.tokens).not.toBeNull();
  });

  it('is made by nobody else', async () => {
    const create = 'mutation($input: CreateUserInput!) { createUser(input: $input) { user { id } } }';
    const input = { email: 'smuggled@example.com', password: PASSWORD };
    for (const [ask, code] of [
      [{}, 'UNAUTHENTICATED'],
      [await signedInAs('USER'), 'FORBIDDEN'],
      [await signedInAs('HELP_DESK'), 'FORBIDDEN'],
    ] as const) {
      const reply = await world.a.ask(create, { input }, ask);
      expect(reply.errors?.[0]?.extensions.code).toBe(code);
    }
    const { n } = (await world.database.row<{ n: string }>(
      `SELECT count(*) AS n FROM users WHERE email = $1`,
      [input.email],
    )) ?? { n: 'no row' };
    expect(n).toBe('0');
  });

  it('is not made twice, with a weak password, or on a stale sign-in', async () => {
    const admin = await signedInAs('ADMIN');
    const create = (input: object) => world.a.mutate('createUser', input, USER, admin);
    await create({ email: 'twice@example.com', password: PASSWORD });
    for (const [input, code] of [
      [{ email: ' TWICE@Example.com', password: PASSWORD }, 'CONFLICT'],
      [{ email: 'weak@example.com', password: 'short' }, 'WEAK_PASSWORD'],
      [{ email: 'no address', password: PASSWORD }, 'INVALID_INPUT'],
    ] as const) {
      expect(await create(input)).toMatchObject({ user: null, errors: [{ code }] });
    }
    const { tokens } = await (await world.user({ roles: ['ADMIN'] })).signIn();
    await world.advance(301);
    const stale = bearer((await refresh(tokens.refreshToken)).tokens);
    expect(
      (await world.a.mutate('createUser', { email: 'late@example.com' }, USER, stale)).errors,
    ).toMatchObject([{ code: 'STEP_UP_REQUIRED' }]);
  });
});
