import { decodeJwt as claimsOf } from 'jose';
import type { Proven } from '../../src/kernel';
import type { Database } from '../../src/platform';
import { describeOnEachBackend, type OpenBackend } from '../support/backends';
import {
  PASSKEY,
  PASSWORD,
  SESSION_FEATURES,
  SMS,
  SessionsWorld,
  TOTP,
  type GatewayProcess,
} from './sessions-world';

describeOnEachBackend('a step-up of a session', (backend) => {
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

  const raise = (sessionId: string, userId: string, ...fresh: Proven[]) =>
    database.transaction((tx) => a.sessions.raise(tx, sessionId, userId, fresh));
  const revoke = (sessionId: string) =>
    database.transaction((tx) => a.sessions.revoke(tx, sessionId, 'signed out'));

  it('keeps the session and its refresh token, and gives a stronger, fresher access token', async () => {
    const before = await world.signIn(a, ada, { proofs: [PASSWORD] });
    await world.pass(120);
    const raised = await raise(before.session.id, ada, TOTP);
    if (!raised) throw new Error('not raised');
    const tokens = await a.sessions.tokens(raised, { id: ada, roles: ['USER'] });
    expect(tokens).toMatchObject({ refreshToken: null, refreshTokenExpiresAt: null });
    expect(claimsOf(tokens.accessToken)).toMatchObject({
      sid: before.session.id,
      acr: 'aal2',
      amr: ['pwd', 'otp', 'mfa'],
      auth_time: world.now.getTime() / 1000,
    });
    // The token from before stays what it was.
    expect(await a.sessions.authenticate(before.accessToken)).toMatchObject({ assurance: 'AAL1' });
    const refreshed = await a.sessions.refresh(before.refreshToken);
    expect(claimsOf(refreshed.accessToken)).toMatchObject({
      acr: 'aal2',
      auth_time: raised.authenticatedAt.getTime() / 1000,
    });
  });

  it('with a weaker factor says so in its token and leaves the session as strong as it was', async () => {
    const before = await world.signIn(a, ada, { proofs: [PASSWORD, PASSKEY] });
    await world.pass(600);
    const raised = await raise(before.session.id, ada, SMS);
    expect(raised).toMatchObject({ assurance: 'AAL2', authenticatedAt: world.now });
    const { accessToken } = await a.sessions.refresh(before.refreshToken);
    expect(claimsOf(accessToken)).toMatchObject({
      acr: 'aal2-phr',
      auth_time: before.session.authenticatedAt.getTime() / 1000,
    });
  });

  it('asked for once more, where the reply was lost, gives the same and changes nothing', async () => {
    const before = await world.signIn(a, ada, { proofs: [PASSWORD] });
    await world.pass(60);
    const raised = await raise(before.session.id, ada, TOTP);
    const raisedAt = world.now;
    await world.pass(20);
    expect(await b.sessions.raisedAgain(before.session.id, ada, [TOTP], raisedAt)).toEqual(raised);
    expect(await a.sessions.list(ada)).toEqual([expect.objectContaining({ authenticatedAt: raisedAt })]);
  });

  it('does nothing to an ended session, another user or a locked one', async () => {
    const bob = await world.user('usr_bob');
    const ended = await world.signIn(a, ada);
    const standing = await world.signIn(a, ada);
    await revoke(ended.session.id);
    expect(await raise(ended.session.id, ada, PASSKEY)).toBeUndefined();
    expect(await raise(standing.session.id, bob, PASSKEY)).toBeUndefined();
    await world.lock(ada, null);
    expect(await raise(standing.session.id, ada, PASSKEY)).toBeUndefined();
  });

  it('with a strong factor is not undone by weaker ones at the same instant', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { session } = await world.signIn(a, ada, { proofs: [PASSWORD] });
      await Promise.all([SMS, PASSKEY, TOTP, SMS].map((fresh) => raise(session.id, ada, fresh)));
      const [newest] = await a.sessions.list(ada);
      expect(newest).toMatchObject({ id: session.id, assurance: 'AAL2_PHR' });
      await world.pass(1);
    }
  });
});
