import { mailedCode } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import { EVIDENCE, NOTE, act, codesOf, eventsOf, freshly, subjectsTo } from '../support/help-desk';
import { approve, userWithPhone } from '../support/phones';
import { SENDING, arrived, userWithNumber } from '../support/sent-codes';
import { GOT, PASSWORD, World, type Ask, type TestUser } from '../support/world';

const PAGE = 'pageInfo { hasNextPage endCursor } totalCount';

describeOnEachBackend('the help desk', (backend) => {
  let world: World;
  let desk: TestUser;
  let admin: TestUser;
  beforeAll(async () => {
    world = await World.open(backend, { environment: SENDING });
    admin = await world.user({ email: 'root@example.com', roles: ['ADMIN'] });
    desk = await world.user({ email: 'desk@example.com', roles: ['HELP_DESK'] });
  });
  afterAll(() => world.close());
  beforeEach(() => world.advance(1));

  const query = async (document: string, variables: object = {}, by: TestUser = desk) => {
    const reply = await world.a.ask(document, variables, await freshly(by));
    return reply.data ?? reply.errors?.[0]?.extensions.code;
  };
  const viewer = async (ask: Ask) => (await world.a.ask('{ viewer { id roles } }', {}, ask)).data?.viewer;

  describe('looks up', () => {
    const users = (filter: object, more: object = {}) =>
      query(
        `query($filter: UserFilter, $first: Int, $after: String) {
           users(filter: $filter, first: $first, after: $after) { nodes { email } ${PAGE} } }`,
        { filter, ...more },
      );
    const emails = async (filter: object): Promise<string[]> =>
      (await users(filter)).users.nodes.map(({ email }: { email: string }) => email);

    it('users by the beginning of address or name, in which % and _ are what they are', async () => {
      await world.user({ email: 'zoe.find@example.com' });
      await world.advance(1);
      const other = await world.user({ email: 'zoe_find@example.com' });
      await world.database.affected(`UPDATE users SET display_name = 'Émile Zola' WHERE id = $1`, [other.id]);
      expect(await emails({ search: 'ZOE.f' })).toEqual(['zoe.find@example.com']);
      expect(await emails({ search: 'zoe' })).toEqual(['zoe_find@example.com', 'zoe.find@example.com']);
      expect(await emails({ search: 'zoe_' })).toEqual(['zoe_find@example.com']);
      expect(await emails({ search: 'Émile z' })).toEqual(['zoe_find@example.com']);
      for (const search of ['%', '_oe', 'zola', 'find', "' OR 1=1 --"])
        expect(await emails({ search })).toEqual([]);
    });

    it('users by status, role and second factor, all conditions at once', async () => {
      const withApp = await world.user({ email: 'has.app@example.com' });
      await withApp.enrollTotp();
      await world.user({ email: 'has.none@example.com' });
      expect(await emails({ search: 'has.', hasMfa: true })).toEqual(['has.app@example.com']);
      expect(await emails({ search: 'has.', hasMfa: false })).toEqual(['has.none@example.com']);
      expect((await emails({ role: 'HELP_DESK' })).sort()).toEqual(['desk@example.com', 'root@example.com']);
      expect(await emails({ role: 'ADMIN' })).toEqual(['root@example.com']);
      await act(desk, 'lockUser', { userId: withApp.id, note: NOTE });
      expect(await emails({ status: 'LOCKED', role: 'USER', hasMfa: true })).toEqual(['has.app@example.com']);
      await act(desk, 'unlockUser', { userId: withApp.id, note: NOTE });
    });

    it('pages of any list: each row once, newest first, with the total', async () => {
      for (const name of ['p1', 'p2', 'p3']) {
        await world.advance(1);
        await world.user({ email: `page.${name}@example.com` });
      }
      const first = (await users({ search: 'page.' }, { first: 2 })).users;
      expect(first.nodes.map(({ email }: { email: string }) => email)).toEqual([
        'page.p3@example.com',
        'page.p2@example.com',
      ]);
      expect(first).toMatchObject({ totalCount: 3, pageInfo: { hasNextPage: true } });
      const after = first.pageInfo.endCursor;
      const second = (await users({ search: 'page.' }, { first: 2, after })).users;
      expect(second.nodes).toEqual([{ email: 'page.p1@example.com' }]);
      expect(second.pageInfo.hasNextPage).toBe(false);
      for (const more of [{ first: 0 }, { first: 101 }, { first: -1 }, { after: 'x' }])
        expect(await users({}, more)).toBe('BAD_USER_INPUT');
    });

    it('factors, masked, with their users', async () => {
      const { user, factorId } = await userWithNumber(world);
      const found = await query(
        `query($filter: FactorFilter) { factors(filter: $filter) {
           nodes { id kind hint codesRemaining device { id } user { email } } edges { cursor node { id } } ${PAGE} } }`,
        { filter: { userId: user.id, kinds: ['SMS', 'TOTP'] } },
      );
      expect(found.factors).toMatchObject({
        totalCount: 1,
        nodes: [
          {
            id: factorId,
            kind: 'SMS',
            hint: expect.stringMatching(/^•••• \d\d$/),
            user: { email: user.email },
          },
        ],
      });
      const kinds = async (filter: object): Promise<string[]> =>
        (
          await query('query($filter: FactorFilter) { factors(filter: $filter) { nodes { id } } }', {
            filter,
          })
        ).factors.nodes.map(({ id }: { id: string }) => id);
      const later = new Date(world.now().getTime() + 60_000);
      expect(await kinds({ kinds: ['SMS'], notUsedSince: later })).toContain(factorId);
      expect(await kinds({ notUsedSince: new Date(world.now().getTime() - 60_000) })).not.toContain(factorId);
      expect(await kinds({ kinds: [] })).toEqual([]);
    });

    it('events by user, type, outcome, time, address and flow', async () => {
      const user = await world.user();
      const { flow } = await user.signIn();
      const events = async (filter: object) =>
        (
          await query(
            `query($filter: AuditEventFilter) { auditEvents(filter: $filter) {
               nodes { type outcome flowId context { ipAddress } user { id } } totalCount } }`,
            { filter },
          )
        ).auditEvents;
      const all = await events({ userId: user.id });
      expect(all.nodes.map(({ type }: { type: string }) => type).sort()).toEqual([
        'SIGN_IN_COMPLETED',
        'SIGN_IN_STARTED',
        'USER_INVITED',
      ]);
      expect(all.nodes[0].user).toEqual({ id: user.id });
      const { ipAddress } = all.nodes.find(({ flowId }: { flowId: string | null }) => flowId).context;
      const since = world.now();
      const counts = async (filter: object) => (await events(filter)).totalCount as number;
      expect(await counts({ userId: user.id, types: ['SIGN_IN_COMPLETED'] })).toBe(1);
      expect(await counts({ userId: user.id, outcome: 'FAILURE' })).toBe(0);
      expect(await counts({ userId: user.id, since })).toBe(3);
      expect(await counts({ userId: user.id, until: since })).toBe(0);
      expect(await counts({ userId: user.id, ipAddress })).toBe(2);
      expect(await counts({ flowId: flow.id })).toBe(2);
      const signedIn = await events({ types: ['SIGN_IN_COMPLETED', 'SIGN_OUT'], outcome: 'SUCCESS', since });
      expect(signedIn.nodes.map(({ flowId }: { flowId: string }) => flowId)).toContain(flow.id);
      expect(new Set(signedIn.nodes.map(({ type }: { type: string }) => type))).toEqual(
        new Set(['SIGN_IN_COMPLETED']),
      );
      expect(await counts({ ipAddress: '192.0.2.1' })).toBe(0);
      expect(await counts({ types: [] })).toBe(0);
    });

    it('what happened to an account; its owner reads neither notes nor whereabouts of agents', async () => {
      const user = await world.user();
      await act(desk, 'signOutUser', { userId: user.id, note: 'sounds like somebody else' });
      await world.advance(1);
      const ACTIVITY = `activity(first: 2) { nodes { type note actor { email } user { id } context { ipAddress } } totalCount }`;
      const own = (
        await world.a.ask(`{ viewer { ${ACTIVITY} } }`, {}, { authorization: await user.firstSignIn() })
      ).data.viewer.activity;
      expect(own.totalCount).toBe(4);
      expect(own.nodes[0]).toMatchObject({ type: expect.stringMatching(/^SIGN_IN/), user: { id: user.id } });
      const ofAgent = await world.a.ask(
        `{ viewer { activity(first: 4) { nodes { type note actor { email } context { ipAddress } } } } }`,
        {},
        { authorization: await user.firstSignIn() },
      );
      expect(JSON.stringify(ofAgent.data)).not.toContain('sounds like');
      expect(JSON.stringify(ofAgent.data)).not.toContain('desk@example.com');
      const seen = await query(
        `query($id: ID!) { user(id: $id) { activity(first: 10) { nodes { type note actor { email } } } } }`,
        {
          id: user.id,
        },
      );
      expect(seen.user.activity.nodes).toContainEqual({
        type: 'SIGN_OUT',
        note: 'sounds like somebody else',
        actor: { email: 'desk@example.com' },
      });
    });

    it('one user, but neither sessions nor browsers of others', async () => {
      const user = await world.user();
      const found = await query('query($id: ID!) { user(id: $id) { email factors { id } } }', {
        id: user.id,
      });
      expect(found).toEqual({ user: { email: user.email, factors: [] } });
      expect(await query('{ user(id: "usr_nobody") { id } }')).toEqual({ user: null });
      for (const field of ['sessions', 'knownDevices']) {
        const document = `query($id: ID!) { user(id: $id) { ${field} { id } } }`;
        const { errors } = await world.a.ask(document, { id: user.id }, await freshly(desk));
        expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
      }
    });
  });

  it('locks an account: sessions, flows, enrollments and remembered browsers end, and it opens again only by unlocking', async () => {
    const user = await world.user();
    const session = { authorization: await user.firstSignIn() };
    const pairing = await world.a.mutate('startEnrollment', { kind: 'TOTP' }, 'enrollmentToken', session);
    const until = new Date(world.now().getTime() + 600_000);
    const locked = await act(
      desk,
      'lockUser',
      { userId: user.id, note: NOTE, until },
      'user { status lockedUntil }',
    );
    expect(locked).toEqual({ user: { status: 'LOCKED', lockedUntil: until.toISOString() }, errors: [] });
    expect((await world.a.ask('{ viewer { id } }', {}, session)).errors?.[0]?.extensions.code).toBe(
      'UNAUTHENTICATED',
    );
    expect(codesOf(await user.signIn())).toEqual(['ACCOUNT_LOCKED']);
    const { enrollmentToken } = pairing;
    const document = 'query($t: String!) { enrollment(enrollmentToken: $t) { status } }';
    expect((await world.a.ask(document, { t: enrollmentToken })).data.enrollment).toEqual({
      status: 'EXPIRED',
    });
    expect(await eventsOf(world, user.id, 'USER_LOCKED')).toMatchObject([{ actorId: desk.id, note: NOTE }]);
    await act(desk, 'unlockUser', { userId: user.id, note: NOTE });
    expect((await user.signIn()).tokens).not.toBeNull();
    expect(await subjectsTo(world, user.email)).toEqual(
      expect.arrayContaining([expect.stringContaining('locked'), expect.stringContaining('unlocked')]),
    );
  });

  it('a lock with an end is over by itself; one in the past is refused', async () => {
    const user = await world.user();
    const past = { userId: user.id, note: NOTE, until: world.now() };
    expect(codesOf(await act(desk, 'lockUser', past))).toEqual(['INVALID_INPUT']);
    await act(desk, 'lockUser', { ...past, until: new Date(world.now().getTime() + 60_000) });
    expect(codesOf(await user.signIn())).toEqual(['ACCOUNT_LOCKED']);
    await world.advance(61);
    expect((await user.signIn()).tokens).not.toBeNull();
  });

  it('unlocking lets guessable factors be tried again after a hundred wrong answers', async () => {
    const user = await world.user();
    await user.enrollTotp();
    await world.database.affected(
      `INSERT INTO limit_counter (key, count, since) VALUES ($1, 100, gateway_now())
       ON CONFLICT (key) DO UPDATE SET count = 100`,
      [`guess:${user.id}`],
    );
    await world.advance(60);
    const { flowToken } = await user.signIn();
    const proof = { code: await user.code() };
    expect(codesOf(await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT))).toEqual([
      'RATE_LIMITED',
    ]);
    await act(desk, 'unlockUser', { userId: user.id, note: NOTE });
    expect((await user.signInWithTotp()).tokens).not.toBeNull();
  });

  it('changes roles for sessions that go on, and sets a deadline where the policy now demands a factor', async () => {
    const user = await world.user();
    const session = { authorization: await user.firstSignIn() };
    const roles = ['HELP_DESK', 'USER', 'USER'];
    expect((await act(admin, 'setUserRoles', { userId: user.id, roles })).user.roles).toEqual([
      'USER',
      'HELP_DESK',
    ]);
    expect(await viewer(session)).toMatchObject({ roles: ['USER', 'HELP_DESK'] });
    expect(codesOf(await act(admin, 'setUserRoles', { userId: user.id, roles: [] }))).toEqual([
      'INVALID_INPUT',
    ]);
    await act(admin, 'setUserRoles', { userId: user.id, roles: ['USER', 'HELP_DESK'] });
    expect(await eventsOf(world, user.id, 'ROLES_CHANGED')).toMatchObject([
      { actorId: admin.id, reason: 'from USER to USER HELP_DESK' },
    ]);
  });

  it('invites: the guest proves the address by a reset, sets a password and is ACTIVE then', async () => {
    const email = 'guest@example.com';
    const invited = await act(
      admin,
      'inviteUser',
      { email, displayName: 'Guest' },
      'user { id status isEmailVerified }',
    );
    expect(invited.user).toMatchObject({ status: 'PENDING', isEmailVerified: false });
    expect(await subjectsTo(world, email)).toEqual([expect.stringContaining('Your account with')]);
    const reset = await world.a.mutate('startPasswordReset', { email }, GOT);
    const { flowToken } = reset;
    const proof = { code: await mailedCode(world, email) };
    await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
    const newPassword = 'zebra umbrella 7 quiet';
    expect(codesOf(await world.a.mutate('setPassword', { flowToken, newPassword }, GOT))).toEqual([]);
    const found = await query('query($id: ID!) { user(id: $id) { status isEmailVerified } }', {
      id: invited.user.id,
    });
    expect(found.user).toEqual({ status: 'ACTIVE', isEmailVerified: true });
    const signedIn = await world.a.mutate('signIn', { email, password: newPassword }, GOT);
    expect(signedIn.tokens).not.toBeNull();
    expect(codesOf(await act(admin, 'inviteUser', { email }))).toEqual(['CONFLICT']);
  });

  it('deletes a user with everything but the audit log; the address may be used again', async () => {
    const { user, phone } = await userWithPhone(world);
    const session = { authorization: await user.firstSignIn().catch(() => '') };
    const waiting = await user.signIn();
    const input = { userId: user.id, note: NOTE };
    expect(await act(admin, 'deleteUser', input, 'user { email }')).toEqual({
      user: { email: user.email },
      errors: [],
    });
    expect(await query('query($id: ID!) { user(id: $id) { id } }', { id: user.id })).toEqual({ user: null });
    for (const table of [
      'factor',
      'session',
      'known_device',
      'auth_flow',
      'enrollment',
      'device',
      'seen_place',
    ]) {
      const rows = await world.database.rows(`SELECT 1 FROM ${table} WHERE user_id = $1`, [user.id]);
      expect([table, rows.length]).toEqual([table, 0]);
    }
    await expect(phone.approvals()).rejects.toThrow();
    expect(await viewer(session)).toBeFalsy();
    const flow = await world.a.ask('query($t: String!) { authFlow(flowToken: $t) { id } }', {
      t: waiting.flowToken,
    });
    expect(flow.data.authFlow).toBeNull();
    expect(await eventsOf(world, user.id, 'USER_DELETED')).toMatchObject([{ actorId: admin.id, note: NOTE }]);
    expect(await subjectsTo(world, user.email)).toContainEqual(expect.stringContaining('deleted'));
    expect(codesOf(await act(admin, 'deleteUser', input))).toEqual(['NOT_FOUND']);
    expect((await world.user({ email: user.email })).id).not.toBe(user.id);
  });

  it('resets factors with evidence; the password alone does not open the account again', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const done = await act(
      desk,
      'resetFactors',
      { userId: user.id, ...EVIDENCE },
      'user { factors { id } backupCodesRemaining }',
    );
    expect(done).toEqual({ user: { factors: [], backupCodesRemaining: 0 }, errors: [] });
    const { flow, tokens } = await user.signIn();
    expect(tokens).toBeNull();
    expect(flow).toMatchObject({ status: 'CHALLENGE_REQUIRED', factors: [], enrollableKinds: [] });
    const [event] = await eventsOf(world, user.id, 'FACTORS_RESET');
    expect(event).toMatchObject({
      actorId: desk.id,
      note: NOTE,
      details: { identityCheck: 'VIDEO_CALL', evidenceReference: 'ticket 4711' },
    });
    expect(await eventsOf(world, user.id, 'FACTOR_REMOVED')).toHaveLength(2);
    const told = (await subjectsTo(world, user.email)).filter(
      (subject) => subject.includes('taken away') || subject.includes('removed'),
    );
    expect(told).toEqual([expect.stringContaining('taken away')]);
    expect(codesOf(await act(desk, 'resetFactors', { userId: user.id, ...EVIDENCE }))).toEqual([
      'FACTOR_NOT_AVAILABLE',
    ]);
  });

  it('resets one of several factors: the others go on, sessions end', async () => {
    const user = await world.user();
    const app = await user.enrollTotp();
    const { tokens } = await user.signInWithTotp();
    const session = { authorization: `Bearer ${tokens.accessToken as string}` };
    await user.pairPhone(session.authorization);
    const input = { userId: user.id, factorIds: [app], ...EVIDENCE };
    const { user: left } = await act(desk, 'resetFactors', input, 'user { factors { kind } }');
    expect(left.factors.map(({ kind }: { kind: string }) => kind).sort()).toEqual(['BACKUP_CODE', 'PUSH']);
    expect(await viewer(session)).toBeFalsy();
    expect((await user.signIn()).flow.status).toMatch(/^CHALLENGE/);
    expect(codesOf(await act(desk, 'resetFactors', input))).toEqual(['NOT_FOUND']);
  });

  describe('checks a caller', () => {
    const start = (input: object, gateway = world.a) =>
      act(
        desk,
        'startCallerCheck',
        input,
        `flow { id status purpose factors { kind } challenge { id kind
        ... on CodeChallenge { sentTo } ... on PushChallenge { numberToMatch } } } flowToken tokens { accessToken }`,
        gateway,
      );

    it('by a code that is read out: the flow completes without tokens', async () => {
      const { user, factorId, phoneNumber } = await userWithNumber(world);
      const { flow, flowToken, tokens, errors } = await start({ userId: user.id, factorId });
      expect({ errors, tokens, flow }).toMatchObject({
        errors: [],
        tokens: null,
        flow: { status: 'CHALLENGE_PENDING', purpose: 'CALLER_CHECK', challenge: { kind: 'SMS' } },
      });
      const sent = (await arrived(world, phoneNumber)).find(({ text }) => text.includes('help desk'));
      const proof = { code: /\d{6}/.exec(sent?.text ?? '')?.[0] };
      const wrong = await world.a.mutate('verifyChallenge', { flowToken, proof: { code: '000000' } }, GOT);
      expect(codesOf(wrong)).toEqual(['INVALID_CODE']);
      const right = await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
      expect(right).toMatchObject({ tokens: null, flow: { status: 'COMPLETED' }, errors: [] });
      const again = await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
      expect(again).toMatchObject({ tokens: null, flow: { status: 'COMPLETED' }, errors: [] });
      expect(await eventsOf(world, user.id, 'CALLER_CHECK_STARTED')).toMatchObject([{ actorId: desk.id }]);
      expect(await eventsOf(world, user.id, 'CALLER_CHECK_COMPLETED')).toHaveLength(1);
    });

    it('by the phone, which shows what it is for: the waiting agent sees it complete', async () => {
      const { user, phone } = await userWithPhone(world);
      const factorId = await world.database.row<{ id: string }>(
        `SELECT id FROM factor WHERE user_id = $1 AND kind = 'PUSH'`,
        [user.id],
      );
      const { flow, flowToken } = await start({
        userId: user.id,
        factorId: factorId?.id,
        message: 'Ticket 4711',
      });
      const [asked] = await phone.approvals();
      expect(asked).toMatchObject({
        purpose: 'CALLER_CHECK',
        message: 'Ticket 4711',
        context: { ipAddress: null, browser: null },
      });
      const followed = world.a.follow(flowToken, 'status');
      await approve(phone, flow.challenge.numberToMatch);
      await followed.ended;
      expect(followed.states.at(-1)).toEqual({ status: 'COMPLETED' });
      expect(codesOf(await world.a.mutate('completeAuthFlow', { flowToken }, GOT))).toEqual([
        'INVALID_TOKEN',
      ]);
      const sessions = await world.database.rows('SELECT 1 FROM session WHERE flow_id = $1', [flow.id]);
      expect(sessions).toEqual([]);
      expect(await eventsOf(world, user.id, 'CALLER_CHECK_COMPLETED')).toHaveLength(1);
    });
  });

  it('counts sign-ins by day in the background', async () => {
    const user = await world.user();
    await user.signIn();
    await world.a.mutate('signIn', { email: user.email, password: `${PASSWORD}?` }, GOT);
    await world.settle();
    const DAY =
      'date signIns failures pushDenials enrolledUsers usersInGrace challengesByKind { kind count } messagesSent { kind count }';
    const statistics = (since: Date, until?: Date) =>
      query(
        `query($since: DateTime!, $until: DateTime) { statistics(since: $since, until: $until) { ${DAY} } }`,
        { since, until },
      );
    const now = world.now();
    const before = new Date(now.getTime() - 2 * 86_400_000);
    const rows = (await statistics(before)).statistics;
    expect(rows.map(({ date }: { date: string }) => date)).toEqual([
      '2031-02-27',
      '2031-02-28',
      '2031-03-01',
    ]);
    const [today] = rows.slice(-1);
    expect(today.signIns).toBeGreaterThanOrEqual(1);
    expect(today.failures).toBeGreaterThanOrEqual(1);
    expect(rows[0]).toMatchObject({ signIns: 0, enrolledUsers: 0, challengesByKind: [] });
    await world.advance(600);
    await user.signIn();
    await world.settle();
    expect((await statistics(world.now())).statistics[0].signIns).toBeGreaterThan(today.signIns);
    expect(await statistics(new Date(now.getTime() - 93 * 86_400_000))).toBe('BAD_USER_INPUT');
    expect(await statistics(now, before)).toBe('BAD_USER_INPUT');
  });
});
