import { decodeJwt } from 'jose';
import type { Database } from '../../src/platform';
import { describeOnEachBackend, type OpenBackend } from '../support/backends';
import { SESSION_FEATURES, SessionsWorld, keyring, settled, type GatewayProcess } from './sessions-world';

const INVALID_TOKEN = expect.objectContaining({ code: 'INVALID_TOKEN' }) as unknown;

describeOnEachBackend('refresh tokens', (backend) => {
  let database: Database;
  let opened: OpenBackend;
  let world: SessionsWorld;
  let a: GatewayProcess;
  let b: GatewayProcess;
  let ada: string;

  beforeAll(async () => ({ database } = opened = await backend.open(SESSION_FEATURES)));
  afterAll(() => opened.close());
  beforeEach(async () => {
    world = await SessionsWorld.on(database);
    [a, b] = [await world.process(), await world.process()];
    ada = await world.user('usr_ada');
  });

  const refresh = async (gateway: GatewayProcess, token: string) =>
    (await gateway.sessions.refresh(token)).refreshToken ?? '';

  it('give one child, however often one is presented at the same instant', async () => {
    const { refreshToken } = await world.signIn(a, ada);
    const { values, errors } = await settled(
      Array.from({ length: 20 }, (_, n) => refresh(n % 2 ? a : b, refreshToken)),
    );
    expect(errors).toEqual([]);
    expect(new Set(values).size).toBe(1);
    expect(values[0]).not.toBe(refreshToken);
    expect(await database.rows('SELECT 1 FROM refresh_token')).toHaveLength(2);
    expect(world.reused).toEqual([]);
  });

  it('give the same child to a repeat within 30 seconds, on a process with a newer key too', async () => {
    const { refreshToken } = await world.signIn(a, ada);
    const child = await refresh(a, refreshToken);
    await world.pass(29);
    const newer = await world.process({ ring: keyring('v2', 'v1') });
    expect(await refresh(newer, refreshToken)).toBe(child);
    expect(await refresh(newer, child)).toMatch(/^[\w-]{43}$/);
  });

  it('presented again after 30 seconds end the session and sound the alarm once', async () => {
    const { accessToken, refreshToken, session } = await world.signIn(a, ada);
    const child = await refresh(a, refreshToken);
    await world.pass(30);
    const { errors } = await settled(
      Array.from({ length: 5 }, (_, n) => refresh(n % 2 ? a : b, refreshToken)),
    );
    expect(errors).toEqual(Array(5).fill(INVALID_TOKEN));
    expect(world.reused).toEqual([{ sessionId: session.id, userId: ada }]);
    await expect(refresh(b, child)).rejects.toEqual(INVALID_TOKEN);
    await expect(b.sessions.authenticate(accessToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await database.row('SELECT revoked_reason FROM session')).toEqual({
      revokedReason: 'refresh token reuse',
    });
  });

  it('stolen and used by the thief first: the owner ends the session for both', async () => {
    const { refreshToken: stolen } = await world.signIn(a, ada);
    const thief = await refresh(a, await refresh(a, stolen));
    await expect(refresh(b, stolen)).rejects.toEqual(INVALID_TOKEN);
    await expect(refresh(a, thief)).rejects.toEqual(INVALID_TOKEN);
    expect(world.reused).toHaveLength(1);
  });

  it('do not end another session of the user by reuse', async () => {
    const [first, second] = [await world.signIn(a, ada), await world.signIn(a, ada)];
    await refresh(a, first.refreshToken);
    await world.pass(60);
    await expect(refresh(a, first.refreshToken)).rejects.toEqual(INVALID_TOKEN);
    expect(await refresh(a, second.refreshToken)).toMatch(/^[\w-]{43}$/);
  });

  it.each(['', 'x', 'x'.repeat(43), 'x'.repeat(10_000), "' OR 1=1 --", '\u0000'])(
    'refuse %j',
    async (presented) => {
      await world.signIn(a, ada);
      await expect(refresh(a, presented)).rejects.toEqual(INVALID_TOKEN);
    },
  );

  it('are neither access tokens nor flow tokens', async () => {
    const opening = world.opening(ada);
    const { refreshToken } = await world.open(a, opening);
    await expect(refresh(a, opening.flowToken)).rejects.toEqual(INVALID_TOKEN);
    await expect(a.sessions.authenticate(refreshToken ?? '')).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('never renew the time of authentication, and carry the roles that the user has now', async () => {
    const { refreshToken, session } = await world.signIn(a, ada);
    await world.pass(1800);
    await database.affected(`UPDATE users SET roles = '{HELP_DESK}' WHERE id = $1`, [ada]);
    const tokens = await a.sessions.refresh(refreshToken);
    expect(decodeJwt(tokens.accessToken)).toMatchObject({
      auth_time: session.authenticatedAt.getTime() / 1000,
      iat: world.now.getTime() / 1000,
      roles: ['HELP_DESK'],
    });
  });

  it('end after an hour without use', async () => {
    const [idle, used] = [await world.signIn(a, ada), await world.signIn(a, ada)];
    expect(idle.refreshTokenExpiresAt).toEqual(new Date(world.now.getTime() + 3_600_000));
    await world.pass(3599);
    const child = await refresh(a, used.refreshToken);
    await world.pass(1);
    await expect(refresh(a, idle.refreshToken)).rejects.toEqual(INVALID_TOKEN);
    expect(await refresh(a, child)).toMatch(/^[\w-]{43}$/);
    expect(world.reused).toEqual([]);
  });

  it('end 24 hours after sign-in, however steadily they are used', async () => {
    const { refreshToken, session } = await world.signIn(a, ada);
    let held = refreshToken;
    for (let half = 1; half < 48; half += 1) {
      await world.pass(1800);
      held = await refresh(a, held);
    }
    await world.pass(1799);
    const last = await a.sessions.refresh(held);
    expect(last.refreshTokenExpiresAt).toEqual(session.expiresAt);
    await world.pass(1);
    await expect(refresh(a, last.refreshToken ?? '')).rejects.toEqual(INVALID_TOKEN);
    await expect(a.sessions.authenticate(last.accessToken)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('are refused to a locked user without an alarm, and accepted when the lock is over', async () => {
    const { accessToken, refreshToken } = await world.signIn(a, ada);
    await world.lock(ada, new Date(world.now.getTime() + 60_000));
    await expect(refresh(a, refreshToken)).rejects.toEqual(INVALID_TOKEN);
    await expect(a.sessions.authenticate(accessToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await world.pass(60);
    expect(await refresh(a, refreshToken)).toMatch(/^[\w-]{43}$/);
    await world.lock(ada, null);
    await expect(refresh(a, refreshToken)).rejects.toEqual(INVALID_TOKEN);
    expect(world.reused).toEqual([]);
  });

  it('are gone with their user', async () => {
    const { accessToken, refreshToken } = await world.signIn(a, ada);
    await database.affected('DELETE FROM users WHERE id = $1', [ada]);
    await expect(refresh(a, refreshToken)).rejects.toEqual(INVALID_TOKEN);
    await expect(a.sessions.authenticate(accessToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
