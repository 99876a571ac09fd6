import { describeOnEachBackend } from '../support/backends';
import { codeOf } from '../support/attempts';
import { GOT, PASSWORD, World, type Received, type TestUser } from '../support/world';

const linkIn = (message: Received | undefined): string => {
  const link = /https:\/\/id\.example\.com(\/report\?token=\S+)/.exec(message?.text ?? '')?.[1];
  if (!link) throw new Error(`no link in ${JSON.stringify(message)}`);
  return link;
};

describeOnEachBackend('notices and "this was not me"', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  const mailsTo = async (user: TestUser) => (await world.inbox()).filter(({ to }) => to === user.email);
  const post = (path: string, token: string) =>
    fetch(world.b.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token }),
    });
  const isSignedIn = async (authorization: string) =>
    (await world.a.ask('{ viewer { id } }', {}, { authorization })).errors === undefined;

  it('ENR-05 a factor that is added is told, with time, place and a link to object', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const mail = (await mailsTo(user)).find(({ subject }) => subject.includes('added'));
    expect(mail?.subject).toBe('Factorgate: A way to sign in was added');
    expect(mail?.text).toMatch(/2031-03-01 \d\d:\d\d UTC/);
    expect(linkIn(mail)).toMatch(/token=/);
  });

  it('looking at the link changes nothing; the button ends the session that did it', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    await user.enrollTotp(authorization);
    const link = linkIn((await mailsTo(user)).at(-1));
    for (let looks = 0; looks < 2; looks += 1) {
      const shown = await fetch(world.a.url + link);
      expect(shown.status).toBe(200);
      expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect(await shown.text()).toContain('This was not me');
    }
    expect(await isSignedIn(authorization)).toBe(true);
    const token = new URL(link, 'http://x').searchParams.get('token') ?? '';
    expect(await (await post('/report', token)).text()).toContain('signed out');
    expect(await isSignedIn(authorization)).toBe(false);
    expect(await (await post('/report', token)).text()).toContain('nothing left');
    const events = await world.database.rows(
      `SELECT 1 FROM audit_event WHERE type = 'ACTIVITY_REPORTED' AND user_id = $1`,
      [user.id],
    );
    expect(events).toHaveLength(1);
  });

  it('a link that was not made here, or is older than a month, shows and does nothing', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const link = linkIn((await mailsTo(user)).at(-1));
    const token = new URL(link, 'http://x').searchParams.get('token') ?? '';
    for (const forged of [`${token}x`, token.replace(/~evt_/, '~evt_0'), '', 'a~b~c', '~~']) {
      expect((await fetch(`${world.a.url}/report?token=${encodeURIComponent(forged)}`)).status).toBe(404);
      expect((await post('/report', forged)).status).toBe(404);
      expect(codeOf(await world.a.mutate('reportActivity', { reportToken: forged }, 'actions'))).toBe(
        'INVALID_TOKEN',
      );
    }
    await world.advance(31 * 86_400);
    expect((await post('/report', token)).status).toBe(404);
  });

  it('the page of a German speaks German', async () => {
    const user = await world.user();
    await world.database.affected(`UPDATE users SET locale = 'de-AT' WHERE id = $1`, [user.id]);
    await user.enrollTotp();
    const mail = (await mailsTo(user)).find(({ subject }) => subject.includes('Anmeldeweg'));
    expect(mail?.subject).toContain('Anmeldeweg hinzugefügt');
    expect(await (await fetch(world.a.url + linkIn(mail))).text()).toContain('Das war ich nicht');
  });

  it('by mutation: a waiting flow ends, and who is signed in may only report events of their own', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const { tokens } = await user.signInWithTotp();
    const authorization = `Bearer ${tokens.accessToken as string}`;
    const begun = await user.signIn();
    const [event] = await world.database.rows<{ id: string }>(
      `SELECT id FROM audit_event WHERE flow_id = $1 AND type = 'SIGN_IN_STARTED'`,
      [begun.flow.id],
    );
    const report = (ask: object, input: object) => world.b.mutate('reportActivity', input, 'actions', ask);
    const stranger = await (await world.user()).firstSignIn();
    expect(codeOf(await report({ authorization: stranger }, { eventId: event?.id }))).toBe('INVALID_TOKEN');
    const done = await report({ authorization }, { eventId: event?.id });
    expect(done.actions).toEqual(['FLOW_ENDED', 'PASSWORD_CHANGE_REQUIRED']);
    const thanks = (await mailsTo(user)).filter(({ subject }) => subject.includes('Thank you'));
    expect(thanks.at(-1)?.text).toContain('your next sign-in asks you for a new one');
    const after = await world.a.ask('query($t: String!) { authFlow(flowToken: $t) { status reason } }', {
      t: begun.flowToken,
    });
    expect(after.data.authFlow).toEqual({ status: 'DENIED', reason: 'USER_REPORTED' });
  });

  it('FLOW-12 a right password without the second step is told, at most once in ten minutes', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const before = (await mailsTo(user)).length;
    await user.signIn();
    await user.signIn();
    await world.advance(601);
    await world.a.app.sweep();
    const told = (await mailsTo(user)).slice(before);
    expect(told.map(({ subject }) => subject)).toEqual(['Factorgate: A sign-in was not finished']);
    const { flowToken } = await user.signIn();
    await world.advance(601);
    await world.a.mutate('cancelAuthFlow', { flowToken }, GOT);
    await world.a.app.sweep();
    expect((await mailsTo(user)).slice(before)).toHaveLength(2);
  });

  it('TOTP-10 a replayed code is told to the user; the caller sees a wrong code', async () => {
    const user = await world.user();
    await user.enrollTotp();
    await user.signInWithTotp();
    const { flowToken } = await user.signIn();
    const replayed = await world.a.mutate(
      'verifyChallenge',
      { flowToken, proof: { code: await user.code() } },
      GOT,
    );
    expect(codeOf(replayed)).toBe('INVALID_CODE');
    expect((await mailsTo(user)).map(({ subject }) => subject)).toContain(
      'Factorgate: A code was tried twice',
    );
  });

  it('an address that was never proven is told nothing', async () => {
    const { id } = await world.a.app.accounts.provision(
      { email: 'unproven@example.com', password: PASSWORD },
      null,
      null,
    );
    const got = await world.a.mutate('signIn', { email: 'unproven@example.com', password: PASSWORD }, GOT);
    await world.a.mutate(
      'refreshTokens',
      { refreshToken: got.tokens.refreshToken },
      'tokens { accessToken }',
    );
    await world.database.affected(
      `INSERT INTO factor (id, user_id, kind) VALUES ('fct_' || repeat('0', 26), $1, 'TOTP')`,
      [id],
    );
    expect((await world.inbox()).filter(({ to }) => to === 'unproven@example.com')).toEqual([]);
  });
});
