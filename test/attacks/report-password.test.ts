/**
 * Somebody has found a user's password and signs in with it. The user says "this was not me" of what they were told.
 * From then on the password must open nothing for whoever knows it, and must not let them choose the next one; the user
 * must get a new one by what only they have: the second factor, or the mailbox.
 */
import { codeOf, mailedCode } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import { OPTIONAL, withPolicy } from '../support/policy';
import { complete, ring, userWithPhone, asked, type PhoneOwner } from '../support/phones';
import { GOT, PASSWORD, World, type TestUser } from '../support/world';

const NEW = 'violet-harbour-nine-kettles';

describeOnEachBackend('a password that somebody else knows, after a report', (backend) => {
  let world: World;
  beforeAll(
    async () => (world = await World.open(backend, { gateways: 2, environment: withPolicy(OPTIONAL) })),
  );
  afterAll(() => world.close());

  const linkTo = async (user: TestUser, subject: RegExp): Promise<string> => {
    const mail = (await world.inbox())
      .filter((one) => one.to === user.email && subject.test(one.subject))
      .at(-1);
    const token = /\/report\?token=(\S+)/.exec(mail?.text ?? '')?.[1];
    if (!token) throw new Error(`no link to ${user.email}`);
    return decodeURIComponent(token);
  };
  const report = async (reportToken: string): Promise<string[]> =>
    (await world.b.mutate('reportActivity', { reportToken }, 'actions')).actions as string[];
  const setPassword = (flowToken: string, newPassword = NEW) =>
    world.a.mutate('setPassword', { flowToken, newPassword }, GOT);
  const isSignedIn = async (authorization: string) =>
    (await world.a.ask('{ viewer { id } }', {}, { authorization })).errors === undefined;
  /** A thief signs in with the password and gives up at the second factor, of which the user is told. */
  const abandoned = async (user: TestUser): Promise<string> => {
    await world.advance(60);
    await user.signIn();
    await world.advance(601);
    await world.a.app.sweep();
    return linkTo(user, /not finished/);
  };

  it('the next sign-in passes the second factor and ends in a new password, before any session', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const link = await abandoned(user);
    const halfway = await user.signIn();
    expect(await report(link)).toEqual(['PASSWORD_CHANGE_REQUIRED']);
    expect(codeOf(await setPassword(halfway.flowToken))).toBe('INVALID_TOKEN');

    const due = await user.signInWithTotp();
    expect(due).toMatchObject({
      errors: [],
      tokens: null,
      flow: { status: 'NEW_PASSWORD_REQUIRED', purpose: 'SIGN_IN' },
    });
    await world.advance(60);
    const { flowToken } = await user.signIn();
    expect(codeOf(await setPassword(flowToken))).toBe('WRONG_STATUS');
    const proven = await world.b.mutate(
      'verifyChallenge',
      { flowToken, proof: { code: await user.code() } },
      GOT,
    );
    expect(proven).toMatchObject({ tokens: null, flow: { status: 'NEW_PASSWORD_REQUIRED' } });
    expect(codeOf(await complete(world.a, flowToken))).toBe('WRONG_STATUS');
    expect(codeOf(await setPassword(flowToken, PASSWORD))).toBe('WEAK_PASSWORD');
    const done = await setPassword(flowToken);
    expect(done.flow.status).toBe('COMPLETED');
    expect(done.tokens.session.assurance).toBe('AAL2');
    // The reply was lost: the same call gives the same session, another one nothing.
    expect((await setPassword(flowToken)).tokens.session.id).toBe(done.tokens.session.id);
    expect(codeOf(await setPassword(flowToken, `${NEW}!`))).toBe('INVALID_TOKEN');
    expect(codeOf(await user.signIn())).toBe('INVALID_CREDENTIALS');
    const next = await world.a.mutate('signIn', { email: user.email, password: NEW }, GOT);
    expect(next.flow.status).not.toBe('COMPLETED');
  });

  it('a remembered browser spares nobody the second factor before the new password', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const { flowToken } = await user.signIn();
    await world.advance(60);
    const proof = { code: await user.code() };
    const kept = await world.a.mutate('verifyChallenge', { flowToken, proof, rememberDevice: true }, GOT);
    const deviceToken = kept.tokens.deviceToken as string;
    await world.database.affected(
      'UPDATE users SET password_change_required_at = gateway_now() WHERE id = $1',
      [user.id],
    );
    expect((await user.signIn({ deviceToken })).flow.status).not.toBe('COMPLETED');
  });

  it('without a second factor the password lets nobody in, not even to enroll one; the mailbox gives a new one', async () => {
    const user = await world.user();
    const thief = await user.firstSignIn();
    await user.enrollTotp(thief);
    const waiting = await world.a.mutate('signIn', { email: user.email, password: PASSWORD }, GOT);
    expect(await report(await linkTo(user, /was added/))).toEqual([
      'SESSIONS_REVOKED',
      'PASSWORD_CHANGE_REQUIRED',
    ]);
    expect(await isSignedIn(thief)).toBe(false);
    // The factor is the thief's own: it must not be the one by which the next password is chosen.
    await world.advance(60);
    const proof = { code: await user.code() };
    expect(
      codeOf(await world.a.mutate('verifyChallenge', { flowToken: waiting.flowToken, proof }, GOT)),
    ).toBe('INVALID_TOKEN');
    expect(codeOf(await user.signIn())).toBe('INVALID_CREDENTIALS');
  });

  it('who has neither factor nor a stolen one sets a new password by mail, once', async () => {
    const user = await world.user();
    const thief = await user.firstSignIn();
    const [started] = await world.database.rows<{ id: string }>(
      `SELECT id FROM audit_event WHERE user_id = $1 AND type = 'SIGN_IN_COMPLETED'`,
      [user.id],
    );
    const eventId = started?.id;
    const own = await user.firstSignIn();
    const reported = await world.a.mutate('reportActivity', { eventId }, 'actions', { authorization: own });
    expect(reported.actions).toEqual(['SESSIONS_REVOKED', 'PASSWORD_CHANGE_REQUIRED']);
    expect([await isSignedIn(thief), await isSignedIn(own)]).toEqual([false, true]);
    expect(codeOf(await user.signIn())).toBe('INVALID_CREDENTIALS');
    expect(
      (await world.a.mutate('reportActivity', { eventId }, 'actions', { authorization: own })).actions,
    ).toEqual([]);
    await world.advance(60);
    const { flowToken } = await world.a.mutate('startPasswordReset', { email: user.email }, GOT);
    const proof = { code: await mailedCode(world, user.email) };
    await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
    expect((await setPassword(flowToken)).flow.status).toBe('COMPLETED');
    const next = await world.a.mutate('signIn', { email: user.email, password: NEW }, GOT);
    expect(next.flow.status).toBe('COMPLETED');
    // What was reported began with a password that is gone: reported again, nothing happens to the new one.
    const authorization = `Bearer ${next.tokens.accessToken as string}`;
    expect(
      (await world.a.mutate('reportActivity', { eventId }, 'actions', { authorization })).actions,
    ).toEqual([]);
  });

  it('a report at the same instant as the last proof leaves no session', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const link = await abandoned(user);
    await world.advance(60);
    const { flowToken } = await user.signIn();
    const proof = { code: await user.code() };
    const [, answered] = await Promise.all([
      report(link),
      world.a.mutate('verifyChallenge', { flowToken, proof }, GOT),
    ]);
    const authorization = answered.tokens ? `Bearer ${answered.tokens.accessToken as string}` : undefined;
    // Either it came first, with the password that was good until then, or it gets no further.
    if (authorization === undefined) expect(codeOf(await setPassword(flowToken))).not.toBe('WEAK_PASSWORD');
    expect((await user.signInWithTotp()).tokens).toBeNull();
  });

  it('PUSH-10 REPORT on the phone does the same', async () => {
    const owner: PhoneOwner = await userWithPhone(world);
    await world.advance(60);
    const other = await owner.user.signIn({ deviceToken: owner.deviceToken, autoStart: false });
    await ring(owner);
    const answered = await owner.phone.respond(await asked(owner.phone), 'REPORT');
    expect(answered.errors).toEqual([]);
    expect(codeOf(await world.a.mutate('cancelAuthFlow', { flowToken: other.flowToken }, GOT))).toBe(
      'INVALID_TOKEN',
    );
    const marked = await world.database.row(
      'SELECT password_change_required_at IS NOT NULL AS due, password_hash IS NOT NULL AS kept FROM users WHERE id = $1',
      [owner.user.id],
    );
    expect(marked).toEqual({ due: true, kept: true });
    const [recorded] = await world.database.rows<{ details: object }>(
      `SELECT details FROM audit_event WHERE user_id = $1 AND type = 'APPROVAL_REPORTED'`,
      [owner.user.id],
    );
    expect(recorded?.details).toMatchObject({
      actions: expect.arrayContaining(['PASSWORD_CHANGE_REQUIRED']) as object,
    });
  });

  it('administrators are told where the account has a role, and the user is told that they were', async () => {
    const admin = await world.user({ roles: ['USER', 'HELP_DESK', 'ADMIN'] });
    const desk = await world.user({ roles: ['USER', 'HELP_DESK'] });
    await desk.enrollTotp();
    expect(await report(await abandoned(desk))).toEqual(['PASSWORD_CHANGE_REQUIRED', 'ADMINISTRATORS_TOLD']);
    const told = (await world.inbox()).filter(
      ({ to, subject }) => to === admin.email && subject.includes('reported'),
    );
    expect(told).toHaveLength(1);
    expect(told[0]?.text).toContain(desk.email);
  });
});
