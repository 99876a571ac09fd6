import { describeOnEachBackend, describeOnServers } from '../support/backends';
import { PASSWORD, World, type Ask } from '../support/world';

const NEW_PASSWORD = 'zebra umbrella 7 quiet';
const TOKENS = 'tokens { accessToken refreshToken session { id } }';
const PROFILE = 'user { id displayName locale passwordChangedAt }';
const SESSIONS = `{ viewer { sessions { id isCurrent assurance methods authenticatedAt lastUsedAt expiresAt applicationName
  context { ipAddress browser operatingSystem location } } } }`;

interface Got {
  readonly tokens: {
    readonly accessToken: string;
    readonly refreshToken: string;
    readonly session: { id: string };
  };
}
const bearer = ({ tokens }: Got): Ask => ({ authorization: `Bearer ${tokens.accessToken}` });

describeOnEachBackend('the own account', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  const isSignedIn = async (got: Got): Promise<boolean> =>
    (await world.a.ask('{ viewer { id } }', {}, bearer(got))).data?.viewer != null;
  const refreshed = async ({ tokens: { refreshToken } }: Got): Promise<string | undefined> =>
    (await world.a.mutate('refreshTokens', { refreshToken }, TOKENS)).errors[0]?.code;
  const updateProfile = async (input: object, ask: Ask) =>
    world.a.mutate('updateProfile', input, PROFILE, ask);
  const events = async (userId: string, type: string) =>
    world.database.rows<{ sessionId: string; actorId: string; outcome: string }>(
      'SELECT session_id, actor_id, outcome FROM audit_event WHERE user_id = $1 AND type = $2 ORDER BY id',
      [userId, type],
    );

  it('gets name and language; what is left out stays, an empty name goes', async () => {
    const user = await world.user();
    const ask = bearer(await user.signIn());
    expect(await updateProfile({ displayName: '  Ada\u202e  L. ', locale: 'DE-ch' }, ask)).toMatchObject({
      user: { id: user.id, displayName: 'Ada L.', locale: 'de-CH' },
      errors: [],
    });
    expect((await updateProfile({ displayName: null, locale: 'fr' }, ask)).user).toMatchObject({
      displayName: 'Ada L.',
      locale: 'fr',
    });
    expect((await updateProfile({}, ask)).user).toMatchObject({ displayName: 'Ada L.', locale: 'fr' });
    expect((await updateProfile({ displayName: ' ' }, ask)).user).toMatchObject({
      displayName: null,
      locale: 'fr',
    });
  });

  it('names every mistake in the profile at once, and changes nothing', async () => {
    const user = await world.user();
    const ask = bearer(await user.signIn());
    for (const locale of ['de_CH', '', 'not a tag', 'x'.repeat(36)]) {
      const { errors, user: none } = await updateProfile({ displayName: 'x'.repeat(121), locale }, ask);
      expect(none).toBeNull();
      expect(errors).toMatchObject([
        { code: 'INVALID_INPUT', path: ['input', 'displayName'] },
        { code: 'INVALID_INPUT', path: ['input', 'locale'] },
      ]);
    }
    const reply = await world.a.ask('mutation { updateProfile(input: {}) { user { id } } }');
    expect(reply.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });

  it('gets a new password, which ends every other session with its refresh token', async () => {
    const user = await world.user();
    const [here, there]: [Got, Got] = [await user.signIn(), await user.signIn()];
    const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    const changed = await world.a.mutate('changePassword', input, PROFILE, bearer(here));
    expect(changed).toMatchObject({
      errors: [],
      user: { id: user.id, passwordChangedAt: world.clock.now().toISOString() },
    });
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, false]);
    expect([await refreshed(here), await refreshed(there)]).toEqual([undefined, 'INVALID_TOKEN']);
    expect((await user.signIn()).errors).toMatchObject([{ code: 'INVALID_CREDENTIALS' }]);
    expect((await user.signIn({ password: NEW_PASSWORD })).errors).toEqual([]);
    expect(await events(user.id, 'PASSWORD_CHANGED')).toEqual([
      { sessionId: here.tokens.session.id, actorId: user.id, outcome: 'SUCCESS' },
    ]);
  });

  it('keeps the other sessions where that is asked for', async () => {
    const user = await world.user();
    const [here, there]: [Got, Got] = [await user.signIn(), await user.signIn()];
    const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, signOutOtherSessions: false };
    expect((await world.a.mutate('changePassword', input, PROFILE, bearer(here))).errors).toEqual([]);
    expect([await isSignedIn(here), await isSignedIn(there)]).toEqual([true, true]);
  });

  it('keeps its password where the new one is weak or the old one wrong; each mistake has its place', async () => {
    const user = await world.user();
    const ask = bearer(await user.signIn());
    const change = async (currentPassword: string, newPassword: string) =>
      (await world.a.mutate('changePassword', { currentPassword, newPassword }, PROFILE, ask)).errors;
    for (const [current, wanted, code, field] of [
      [PASSWORD, 'short', 'WEAK_PASSWORD', 'newPassword'],
      [PASSWORD, `${user.email}2026!`, 'WEAK_PASSWORD', 'newPassword'],
      [PASSWORD, 'x'.repeat(129), 'INVALID_INPUT', 'newPassword'],
      ['x'.repeat(129), NEW_PASSWORD, 'INVALID_INPUT', 'currentPassword'],
      ['not-the-password', NEW_PASSWORD, 'INVALID_CREDENTIALS', 'currentPassword'],
    ] as const)
      expect(await change(current, wanted)).toMatchObject([{ code, path: ['input', field] }]);
    expect((await user.signIn()).errors).toEqual([]);
    const outcomes = (await events(user.id, 'PASSWORD_CHANGED')).map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['FAILURE']);
    expect(
      (await world.inbox()).filter(({ to, subject }) => to === user.email && /password/i.test(subject)),
    ).toEqual([]);
  });

  it('shows its sessions, newest first', async () => {
    const user = await world.user();
    const chrome =
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36';
    const first: Got = await world.a.mutate('signIn', { email: user.email, password: PASSWORD }, TOKENS, {
      headers: { 'user-agent': chrome },
    });
    await world.advance(60);
    const second: Got = await user.signIn();
    const { data } = await world.a.ask(SESSIONS, {}, bearer(second));
    const now = world.clock.now().getTime();
    expect(data.viewer.sessions).toEqual([
      expect.objectContaining({
        id: second.tokens.session.id,
        isCurrent: true,
        assurance: 'AAL1',
        methods: ['pwd'],
        lastUsedAt: new Date(now).toISOString(),
        applicationName: 'Factorgate',
      }),
      expect.objectContaining({
        id: first.tokens.session.id,
        isCurrent: false,
        lastUsedAt: new Date(now - 60_000).toISOString(),
        context: expect.objectContaining({
          ipAddress: '127.0.0.1',
          operatingSystem: expect.stringMatching(/Windows/),
        }),
      }),
    ]);
    for (const session of data.viewer.sessions) expect(Date.parse(session.expiresAt)).toBeGreaterThan(now);
  });

  it('ends the sessions that it names, all others, or its own', async () => {
    const user = await world.user();
    const all: Got[] = [];
    for (let session = 0; session < 4; session += 1) all.push(await user.signIn());
    const [here, one, other, last] = all as [Got, Got, Got, Got];
    const revoke = (input: object) => world.a.mutate('revokeSessions', input, 'user { id }', bearer(here));
    const standing = () => Promise.all(all.map(isSignedIn));

    const twice = { sessionIds: [one.tokens.session.id, one.tokens.session.id] };
    expect(await revoke(twice)).toEqual({ user: { id: user.id }, errors: [] });
    expect(await standing()).toEqual([true, false, true, true]);
    expect(await refreshed(one)).toBe('INVALID_TOKEN');
    // Over already: no mistake, and nothing to record.
    expect((await revoke(twice)).errors).toEqual([]);
    expect((await revoke({ sessionIds: [] })).errors).toEqual([]);
    expect(await standing()).toEqual([true, false, true, true]);

    expect((await revoke({ sessionIds: null })).errors).toEqual([]);
    expect(await standing()).toEqual([true, false, false, false]);
    expect((await revoke({ sessionIds: [here.tokens.session.id] })).errors).toEqual([]);
    expect(await standing()).toEqual([false, false, false, false]);
    const signedOut = (await events(user.id, 'SIGN_OUT')).map(({ sessionId }) => sessionId);
    expect(signedOut.sort()).toEqual([here, one, other, last].map(({ tokens }) => tokens.session.id).sort());
  });

  it('never ends a session of somebody else, nor any beside it', async () => {
    const user = await world.user();
    const [here, there, foreign]: Got[] = [
      await user.signIn(),
      await user.signIn(),
      await (await world.user()).signIn(),
    ];
    for (const id of [(foreign as Got).tokens.session.id, 'ses_00000000000000000000000000', '']) {
      const input = { sessionIds: [(there as Got).tokens.session.id, id] };
      expect(await world.a.mutate('revokeSessions', input, 'user { id }', bearer(here as Got))).toMatchObject(
        {
          user: null,
          errors: [{ code: 'NOT_FOUND' }],
        },
      );
    }
    expect(await Promise.all([there as Got, foreign as Got].map(isSignedIn))).toEqual([true, true]);
    expect(await events(user.id, 'SIGN_OUT')).toEqual([]);
  });
});

describeOnServers('the own account at two gateways', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  const stateAtB = async (got: Got) => {
    const viewer = await world.b.ask('{ viewer { id } }', {}, bearer(got));
    const { refreshToken } = got.tokens;
    const { errors } = await world.b.mutate('refreshTokens', { refreshToken }, TOKENS);
    return [viewer.errors?.[0]?.extensions.code, errors[0]?.code];
  };
  const ENDED = ['UNAUTHENTICATED', 'INVALID_TOKEN'];

  it('has a session that is ended at A refused at B at once', async () => {
    const user = await world.user();
    const [here, one, other]: Got[] = [await user.signIn(), await user.signIn(), await user.signIn()];
    const ask = bearer(here as Got);
    const sessionIds = [(one as Got).tokens.session.id];
    await world.a.mutate('revokeSessions', { sessionIds }, 'user { id }', ask);
    expect(await stateAtB(one as Got)).toEqual(ENDED);
    const input = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    expect((await world.a.mutate('changePassword', input, 'user { id }', ask)).errors).toEqual([]);
    expect(await stateAtB(other as Got)).toEqual(ENDED);
    expect(await stateAtB(here as Got)).toEqual([undefined, undefined]);
  });

  it('changes its password once, when both gateways are asked at the same instant', async () => {
    const user = await world.user();
    const got: Got = await user.signIn();
    const wanted = [NEW_PASSWORD, 'violet tractor sings low'];
    const replies = await Promise.all(
      wanted.map((newPassword, index) =>
        (world.gateways[index] ?? world.a).mutate(
          'changePassword',
          { currentPassword: PASSWORD, newPassword },
          'user { id }',
          bearer(got),
        ),
      ),
    );
    const codes = replies.map(({ errors }) => errors[0]?.code as string | undefined);
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(['CONFLICT', 'INVALID_CREDENTIALS']).toContain(codes.find((code) => code !== undefined));
    for (const [index, password] of wanted.entries())
      expect((await user.signIn({ password })).errors).toHaveLength(codes[index] === undefined ? 0 : 1);
  });
});
