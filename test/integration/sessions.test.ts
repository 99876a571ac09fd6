import { decodeJwt as claimsOf, decodeProtectedHeader } from 'jose';
import type { Database } from '../../src/platform';
import { SessionGrant } from '../../src/features/sessions';
import { describeOnEachBackend, type OpenBackend } from '../support/backends';
import {
  ISSUER,
  PASSKEY,
  PASSWORD,
  SESSION_FEATURES,
  SMS,
  SessionsWorld,
  TOTP,
  settled,
  type GatewayProcess,
} from './sessions-world';

describeOnEachBackend('sessions', (backend) => {
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
    ada = await world.user('usr_ada', ['ADMIN']);
  });

  const revoke = (sessionId: string) =>
    database.transaction((tx) => a.sessions.revoke(tx, sessionId, 'signed out'));

  describe('opening', () => {
    it('gives a JWT of RFC 9068 that says what was proven', async () => {
      const { accessToken, accessTokenExpiresAt, session } = await world.signIn(a, ada);
      expect(decodeProtectedHeader(accessToken)).toEqual({
        alg: 'ES256',
        typ: 'at+jwt',
        kid: expect.stringMatching(/^key_/) as string,
      });
      const at = world.now.getTime() / 1000;
      expect(claimsOf(accessToken)).toEqual({
        iss: ISSUER,
        sub: ada,
        aud: 'https://api.example.com',
        client_id: 'web',
        iat: at,
        exp: at + 300,
        jti: expect.stringMatching(/^[\w-]{22}$/) as string,
        sid: session.id,
        auth_time: at,
        acr: 'aal2',
        amr: ['pwd', 'otp', 'mfa'],
        roles: ['USER'],
      });
      expect(accessTokenExpiresAt.getTime() / 1000).toBe(at + 300);
    });

    it.each([
      ['password only', [PASSWORD], ['pwd'], 'aal1'],
      ['password and SMS', [PASSWORD, SMS], ['pwd', 'sms', 'mca', 'mfa'], 'aal2'],
      ['password and passkey', [PASSWORD, PASSKEY], ['pwd', 'pop', 'user', 'mfa'], 'aal2-phr'],
      ['one authenticator twice', [TOTP, TOTP], ['otp'], 'aal1'],
    ])('says of %s no more than was proven', async (_, proofs, amr, acr) => {
      expect(claimsOf((await world.signIn(a, ada, { proofs })).accessToken)).toMatchObject({ amr, acr });
    });

    it('stores neither the refresh token nor the flow token', async () => {
      const opening = world.opening(ada);
      const { refreshToken } = await world.open(a, opening);
      expect(refreshToken).toMatch(/^[\w-]{43}$/);
      const dump = JSON.stringify([
        await database.rows('SELECT session::text FROM session'),
        await database.rows(`SELECT hash::text, encode(hash, 'escape') AS text FROM refresh_token`),
      ]).toLowerCase();
      for (const secret of [refreshToken ?? '', opening.flowToken]) {
        expect(dump).not.toContain(secret.toLowerCase());
        expect(dump).not.toContain(Buffer.from(secret, 'base64url').toString('hex'));
      }
    });

    it('opens one session of a flow, even when asked twenty times at once', async () => {
      const opening = world.opening(ada);
      const { values, errors } = await settled(
        Array.from({ length: 20 }, (_, n) => world.open(n % 2 ? a : b, opening)),
      );
      expect(values).toHaveLength(1);
      expect(errors).toEqual(Array(19).fill(expect.objectContaining({ code: 'INVALID_TOKEN' })));
      expect(await a.sessions.list(ada)).toHaveLength(1);
    });

    it.each([null, new Date('2026-11-24T10:00:00Z')])(
      'is refused to a user locked until %s',
      async (until) => {
        await world.lock(ada, until);
        await expect(world.signIn(a, ada)).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
      },
    );

    it('is done together with its transaction or not at all', async () => {
      await expect(
        database.transaction(async (tx) => {
          await a.sessions.open(tx, SessionGrant.of(world.opening(ada)));
          throw new Error('the audit log is full');
        }),
      ).rejects.toThrow('the audit log is full');
      expect(await a.sessions.list(ada)).toEqual([]);
    });
  });

  describe('opening once more, where the reply was lost', () => {
    it('gives the same session and refresh token, on another process', async () => {
      const opening = world.opening(ada);
      const first = await world.open(a, opening);
      await world.pass(29);
      const again = await b.sessions.reopen(opening.flowId, opening.flowToken);
      expect(again).toEqual(first);
    });

    it('gives nothing after 30 seconds', async () => {
      const opening = world.opening(ada);
      await world.open(a, opening);
      await world.pass(30);
      expect(await a.sessions.reopen(opening.flowId, opening.flowToken)).toBeUndefined();
    });

    it('gives nothing once the refresh token was used, the session ended or the user is locked', async () => {
      const openings = [world.opening(ada), world.opening(ada), world.opening(ada)] as const;
      const [used, ended] = [await world.open(a, openings[0]), await world.open(a, openings[1])];
      await world.open(a, openings[2]);
      await a.sessions.refresh(used.refreshToken ?? '');
      await revoke(ended.id);
      expect(await a.sessions.reopen(openings[0].flowId, openings[0].flowToken)).toBeUndefined();
      expect(await a.sessions.reopen(openings[1].flowId, openings[1].flowToken)).toBeUndefined();
      await world.lock(ada, null);
      expect(await a.sessions.reopen(openings[2].flowId, openings[2].flowToken)).toBeUndefined();
    });

    it('gives nothing to the holder of another flow token', async () => {
      const [mine, other] = [world.opening(ada), world.opening(ada)];
      await world.open(a, mine);
      expect(await a.sessions.reopen(mine.flowId, other.flowToken)).toBeUndefined();
    });
  });

  describe('ending', () => {
    it('is seen by another process at the next request, and ends the refresh token', async () => {
      const { accessToken, refreshToken, session } = await world.signIn(a, ada);
      const caller = await b.sessions.authenticate(accessToken);
      expect(await b.sessions.isStanding(caller)).toBe(true);
      expect(await revoke(session.id)).toBe(true);
      await expect(b.sessions.authenticate(accessToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      await expect(b.sessions.refresh(refreshToken)).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
      expect(await b.sessions.isStanding(caller)).toBe(false);
      expect(await revoke(session.id)).toBe(false);
    });

    it('by its owner does not reach the session of another user', async () => {
      const bob = await world.user('usr_bob');
      const { accessToken, session } = await world.signIn(a, ada);
      expect(await database.transaction((tx) => a.sessions.revoke(tx, session.id, 'ended', bob))).toBe(false);
      expect(await a.sessions.authenticate(accessToken)).toMatchObject({ userId: ada });
    });

    it('of all leaves the excepted one and other users alone', async () => {
      const bob = await world.user('usr_bob');
      const [first, second, kept] = [
        await world.signIn(a, ada),
        await world.signIn(a, ada),
        await world.signIn(a, ada),
      ];
      const others = await world.signIn(a, bob);
      const count = await database.transaction((tx) =>
        a.sessions.revokeAll(tx, ada, 'password', kept.session.id),
      );
      expect(count).toBe(2);
      for (const { accessToken } of [first, second]) {
        await expect(a.sessions.authenticate(accessToken)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      }
      expect(await a.sessions.authenticate(kept.accessToken)).toMatchObject({ userId: ada });
      expect(await a.sessions.authenticate(others.accessToken)).toMatchObject({ userId: bob });
    });

    it('of all, with the lock of the account, leaves no session opened at the same instant', async () => {
      for (let round = 0; round < 10; round += 1) {
        const lockAndEnd = database.transaction(async (tx) => {
          await tx.affected(`UPDATE users SET status = 'LOCKED' WHERE id = $1`, [ada]);
          await a.sessions.revokeAll(tx, ada, 'locked');
        });
        await settled<unknown>([lockAndEnd, ...Array.from({ length: 4 }, () => world.signIn(b, ada))]);
        await database.affected(`UPDATE users SET status = 'ACTIVE' WHERE id = $1`, [ada]);
        expect(await a.sessions.list(ada)).toEqual([]);
      }
    });
  });

  it('are listed newest first, only those that stand, at most 50', async () => {
    const ended = await world.signIn(a, ada);
    await revoke(ended.session.id);
    const newestFirst: string[] = [];
    for (let n = 0; n < 51; n += 1) {
      newestFirst.unshift((await world.signIn(a, ada)).session.id);
      await world.pass(1);
    }
    expect((await a.sessions.list(ada)).map((session) => session.id)).toEqual(newestFirst.slice(0, 50));
    await world.pass(3600);
    expect(await a.sessions.list(ada)).toEqual([]);
  });

  it('are removed with their refresh tokens a day after their end', async () => {
    await world.signIn(a, ada);
    await world.pass(47 * 3600);
    expect(await a.sessions.sweep()).toBe(0);
    await world.pass(2 * 3600);
    expect(await a.sessions.sweep()).toBe(1);
    expect(await database.rows('SELECT 1 FROM refresh_token')).toEqual([]);
  });
});
