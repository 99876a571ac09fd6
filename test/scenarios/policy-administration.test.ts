import { runCommand } from '../../src/commands';
import { DEFAULT_POLICY, printPolicyFile } from '../../src/features/policy';
import { describeOnEachBackend } from '../support/backends';
import { World, type Ask, type TestUser } from '../support/world';

const DAY = 86_400;
const VALUES = `requirement excludesServiceAccounts riskResponses { signal response } allowedKinds minimumAssurance
  pushDigits rememberDeviceDays stepUpMaxAgeSeconds enrollmentGraceDays adminRecovery backupCodeCount
  recoveryWaitingHours recoveryTimeoutHours recoveryApprovals maximumAttempts listedNetworks inactivityDays
  actions { name minimumAssurance maxAgeSeconds isSingleUse }
  rules { name roles clientIds networks signals requirement minimumAssurance allowedKinds isBlocking }`;
const POLICY = `policy { version updatedBy { id } ${VALUES} }`;
const DECISION = 'requirement requiredAssurance allowedKinds signals isBlocked explanation';
const IMPACT = 'affectedCount lockedOutCount inGraceCount excludedCount';
const DEMANDED = { name: 'admins', roles: ['ADMIN'] };

interface PolicyReply {
  readonly version: number;
  readonly riskResponses: readonly { signal: string; response: string }[];
}

describeOnEachBackend('the policy', (backend) => {
  let world: World;
  let admin: TestUser;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());
  /** Who is locked does not count: each test has the users to itself that it makes. */
  beforeEach(async () => {
    await world.advance(3600);
    await world.database.affected(`UPDATE users SET status = 'LOCKED'`);
    await world.a.app.policies.change({ values: DEFAULT_POLICY, basedOn: null, updatedBy: null });
    admin = await world.user({ roles: ['ADMIN'] });
  });

  /** Without a factor a fresh password is enough of a step-up; each one is new. */
  const asAdmin = async (): Promise<Ask> => ({ authorization: await admin.firstSignIn() });
  const policy = async (ask: Ask): Promise<PolicyReply> =>
    (await world.a.ask(`{ ${POLICY} }`, {}, ask)).data.policy;
  const update = async (changes: object, by?: Ask) => {
    const ask = by ?? (await asAdmin());
    return world.a.mutate('updatePolicy', { ...(await versionOf(ask)), ...changes }, POLICY, ask);
  };
  const versionOf = async (ask: Ask) => ({ version: (await policy(ask)).version });
  const preview = async (changes: object, selection = IMPACT, by?: Ask) => {
    const reply = await world.a.ask(
      `query($changes: UpdatePolicyInput!) { previewPolicy(changes: $changes) { ${selection} } }`,
      { changes: { version: 1, ...changes } },
      by ?? (await asAdmin()),
    );
    return reply.data?.previewPolicy ?? reply.errors?.[0];
  };
  const evaluate = async (more: object) => {
    const reply = await world.a.ask(
      `query($userId: ID!, $clientId: String, $ipAddress: IP, $isRememberedDevice: Boolean! = false) {
         evaluatePolicy(userId: $userId, clientId: $clientId, ipAddress: $ipAddress, isRememberedDevice: $isRememberedDevice) { ${DECISION} } }`,
      more,
      await asAdmin(),
    );
    return reply.data?.evaluatePolicy ?? reply.errors?.[0];
  };
  const replay = async (changes: object, more: object = {}) => {
    const reply = await world.a.ask(
      `query($changes: UpdatePolicyInput!, $since: DateTime!, $first: Int! = 50) {
         replayPolicy(changes: $changes, since: $since, first: $first) { signInCount changedCount changed {
           event { id type outcome occurredAt factorKind chainHash actor { id } user { id } context { ipAddress } }
           before { ${DECISION} } after { ${DECISION} } } } }`,
      { changes: { version: 1, ...changes }, since: new Date(0), ...more },
      await asAdmin(),
    );
    return reply.data?.replayPolicy ?? reply.errors?.[0];
  };
  const extend = async (input: object, by?: Ask) =>
    world.a.mutate('extendEnrollmentDeadline', input, 'user { id }', by ?? (await asAdmin()));
  const dueAt = async ({ id }: TestUser) =>
    (
      await world.database.row<{ at: Date | null }>(
        'SELECT enrollment_due_at AS at FROM users WHERE id = $1',
        [id],
      )
    )?.at;
  const inDays = (days: number): Date => new Date(world.now().getTime() + days * DAY * 1000);
  /** All who have no factor are as if their time to enroll were over. */
  const endGrace = () => world.database.affected('UPDATE users SET enrollment_due_at = $1', [inDays(-1)]);

  it('is seen by the help desk, and tried and changed by administrators only', async () => {
    const bare = { authorization: await (await world.user()).firstSignIn() };
    const desk = { authorization: await (await world.user({ roles: ['HELP_DESK'] })).firstSignIn() };
    const codes = async (ask: Ask): Promise<(string | undefined)[]> => {
      const queries = [
        '{ policy { version } }',
        '{ previewPolicy(changes: { version: 1 }) { lockedOutCount } }',
        '{ replayPolicy(changes: { version: 1 }, since: "2031-01-01T00:00:00Z") { signInCount } }',
        `{ evaluatePolicy(userId: "${admin.id}") { isBlocked } }`,
        'mutation { updatePolicy(input: { version: 1 }) { errors { code } } }',
        `mutation { extendEnrollmentDeadline(input: { userId: "${admin.id}", until: "2031-04-20T00:00:00Z", note: "x" }) { errors { code } } }`,
      ];
      const replies = await Promise.all(queries.map((query) => world.a.ask(query, {}, ask)));
      return replies.map(({ errors }) => errors?.[0]?.extensions.code);
    };
    expect(await codes({})).toEqual(Array(6).fill('UNAUTHENTICATED'));
    expect(await codes(bare)).toEqual(Array(6).fill('FORBIDDEN'));
    expect(await codes(desk)).toEqual([undefined, ...Array<string>(5).fill('FORBIDDEN')]);
    expect(await policy(desk)).toMatchObject({
      updatedBy: null,
      requirement: 'ALWAYS',
      enrollmentGraceDays: 30,
      allowedKinds: ['TOTP', 'SMS', 'PUSH', 'BACKUP_CODE'],
      riskResponses: expect.arrayContaining([{ signal: 'SENSITIVE_ACTION', response: 'REQUIRE_MFA' }]),
      actions: [],
      rules: [],
    });
  });

  it('changes where it is told to and nowhere else, with its author and an audit line', async () => {
    const action = { name: 'payments.send', minimumAssurance: 'AAL2', maxAgeSeconds: 60, isSingleUse: true };
    const before = await policy(await asAdmin());
    const { policy: changed, errors } = await update({
      requirement: 'OPTIONAL',
      pushDigits: null,
      inactivityDays: 30,
      allowedKinds: ['TOTP', 'BACKUP_CODE'],
      listedNetworks: ['192.0.2.0/24'],
      riskResponses: [{ signal: 'LISTED_NETWORK', response: 'BLOCK' }],
      actions: [action],
      rules: [DEMANDED],
    });
    expect(errors).toEqual([]);
    expect(changed).toEqual({
      ...before,
      version: before.version + 1,
      updatedBy: { id: admin.id },
      requirement: 'OPTIONAL',
      inactivityDays: 30,
      allowedKinds: ['TOTP', 'BACKUP_CODE'],
      listedNetworks: ['192.0.2.0/24'],
      riskResponses: before.riskResponses.map((rule) =>
        rule.signal === 'LISTED_NETWORK' ? { ...rule, response: 'BLOCK' } : rule,
      ),
      actions: [action],
      rules: [
        {
          ...DEMANDED,
          clientIds: null,
          networks: null,
          signals: null,
          requirement: 'ALWAYS',
          minimumAssurance: 'AAL2',
          allowedKinds: null,
          isBlocking: false,
        },
      ],
    });
    expect((await update({ rules: [] })).policy).toEqual({
      ...changed,
      version: before.version + 2,
      rules: [],
    });
    const lines = await world.database.rows<{ outcome: string; reason: string }>(
      `SELECT outcome, reason FROM audit_event WHERE type = 'POLICY_CHANGED' AND actor_id = $1`,
      [admin.id],
    );
    expect(lines.map(({ outcome, reason }) => `${outcome} ${reason}`).sort()).toEqual(
      [before.version + 1, before.version + 2].map((version) => `SUCCESS version ${String(version)}`),
    );
  });

  it('loses no change of another administrator: CONFLICT, with the policy as it stands', async () => {
    const [one, other] = [await asAdmin(), await asAdmin()];
    const { version } = await versionOf(one);
    const change = (ask: Ask, pushDigits: number) =>
      world.a.mutate('updatePolicy', { version, pushDigits }, POLICY, ask);
    const replies = await Promise.all([change(one, 3), change(other, 4)]);
    const [won] = replies.filter(({ errors }) => errors.length === 0);
    const [lost] = replies.filter(({ errors }) => errors.length > 0);
    expect(lost).toMatchObject({ errors: [{ code: 'CONFLICT' }], policy: won.policy });
    expect((await policy(one)).version).toBe(version + 1);
  });

  it('names all faults of a change at once, each with its place in the input', async () => {
    const changes = {
      enrollmentGraceDays: 91,
      minimumAssurance: 'AAL3',
      allowedKinds: ['BACKUP_CODE'],
      riskResponses: [
        { signal: 'NEW_DEVICE', response: 'BLOCK' },
        { signal: 'NEW_DEVICE', response: 'IGNORE' },
      ],
      actions: [{ name: 'Payments Send' }],
      rules: [{ name: 'office', networks: ['10.0.0.0/8', 'the office'] }, { name: '' }],
    };
    const { errors, policy: none } = await update(changes);
    expect(none).toBeNull();
    expect(errors.map(({ code }: { code: string }) => code)).toEqual(Array(7).fill('INVALID_INPUT'));
    expect(errors.map(({ path }: { path: string[] }) => path.join('.'))).toEqual(
      expect.arrayContaining([
        'input.enrollmentGraceDays',
        'input.minimumAssurance',
        'input.allowedKinds',
        'input.riskResponses.1',
        'input.actions.0.name',
        'input.rules.0.networks.1',
        'input.rules.1.name',
      ]),
    );
    const refused = await preview(changes);
    expect(refused.extensions.code).toBe('BAD_USER_INPUT');
    expect(refused.message).toContain('rules.0.networks.1: must be an address');
  });

  it('changes only by a fresh step-up', async () => {
    const ask = await asAdmin();
    const before = await policy(ask);
    await world.advance(301);
    const input = { version: before.version, pushDigits: 3 };
    expect((await world.a.mutate('updatePolicy', input, POLICY, ask)).errors).toMatchObject([
      { code: 'STEP_UP_REQUIRED' },
    ]);
    const other = await world.user();
    const wish = { userId: other.id, until: inDays(60), note: 'ill' };
    expect((await extend(wish, ask)).errors).toMatchObject([{ code: 'STEP_UP_REQUIRED' }]);
    expect(await policy(await asAdmin())).toEqual(before);
  });

  it('cannot be changed so that it locks out who changes it', async () => {
    const blocking = { rules: [{ ...DEMANDED, isBlocking: true }] };
    const refused = await update(blocking);
    expect(refused).toMatchObject({ policy: null, errors: [{ code: 'BLOCKED_BY_POLICY' }] });
    expect(refused.errors[0].message).toContain('lock you out');
    await admin.enrollTotp();
    const ask = { authorization: `Bearer ${(await admin.signInWithTotp()).tokens.accessToken as string}` };
    expect((await update({ allowedKinds: ['PUSH'] }, ask)).errors).toMatchObject([
      { code: 'BLOCKED_BY_POLICY' },
    ]);
    expect((await update({ allowedKinds: ['PUSH', 'TOTP'] }, ask)).errors).toEqual([]);
  });

  it('says beforehand whom a change would hit, each user once', async () => {
    await update({ requirement: 'OPTIONAL' });
    const [app, bare, gone, late, service] = [
      await world.user(),
      await world.user(),
      await world.user(),
      await world.user(),
      await world.user(),
    ];
    await app.enrollTotp();
    const set = (column: string, { id }: TestUser, value: unknown) =>
      world.database.affected(`UPDATE users SET ${column} = $2 WHERE id = $1`, [id, value]);
    await set('status', gone, 'LOCKED');
    await set('account_type', service, 'SERVICE');
    for (const user of [app, bare, service]) await set('enrollment_due_at', user, null);
    await set('enrollment_due_at', admin, inDays(3));
    await set('enrollment_due_at', late, inDays(-3));

    expect(await preview({})).toEqual({
      affectedCount: 0,
      lockedOutCount: 0,
      inGraceCount: 0,
      excludedCount: 1,
    });
    // Asked and locked out: `late`. In grace: the administrator, and `bare`, whose time would only begin.
    const always = { requirement: 'ALWAYS' };
    expect(await preview(always)).toEqual({
      affectedCount: 1,
      lockedOutCount: 1,
      inGraceCount: 2,
      excludedCount: 1,
    });
    expect(await preview({ ...always, enrollmentGraceDays: 0 })).toMatchObject({
      affectedCount: 2,
      inGraceCount: 1,
    });
    expect(await preview({ ...always, excludesServiceAccounts: false })).toMatchObject({
      inGraceCount: 3,
      excludedCount: 0,
    });
    // Who holds only a kind that is not allowed any more is locked out as well.
    const { lockedOut, lockedOutCount } = await preview(
      { allowedKinds: ['PUSH'] },
      'lockedOutCount lockedOut { nodes { id } totalCount }',
    );
    expect([lockedOutCount, lockedOut]).toEqual([1, { nodes: [{ id: app.id }], totalCount: 1 }]);
  });

  it('lists whom a change would lock out page by page, newest first, without gap or repeat', async () => {
    await update({ requirement: 'OPTIONAL' });
    const users: string[] = [];
    for (let count = 0; count < 5; count += 1) users.push((await world.user()).id);
    await (await world.user()).enrollTotp();
    await endGrace();
    // Has time left, or would get it.
    await world.user();
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const { lockedOut } = await preview(
        { requirement: 'ALWAYS', rules: [] },
        `lockedOut(first: 2 ${after ? `after: "${after}"` : ''}) {
           edges { cursor node { id } } nodes { id } pageInfo { hasNextPage endCursor } totalCount }`,
      );
      expect(lockedOut.totalCount).toBe(6);
      expect(lockedOut.nodes).toEqual(lockedOut.edges.map(({ node }: { node: object }) => node));
      seen.push(...lockedOut.nodes.map(({ id }: { id: string }) => id));
      after = lockedOut.pageInfo.hasNextPage ? lockedOut.pageInfo.endCursor : null;
    } while (after);
    expect(new Set(seen)).toEqual(new Set([admin.id, ...users]));
    expect(seen).toHaveLength(6);
    const fault = async (args: string) =>
      (await preview({}, `lockedOut(${args}) { totalCount }`)).extensions?.code;
    for (const args of ['first: 0', 'first: 101', 'after: "x"', 'after: "dXNyXzE"'])
      expect(await fault(args)).toBe('BAD_USER_INPUT');
  });

  it('can be tried on a user without a sign-in: findings in words, and what comes of them', async () => {
    const user = await world.user();
    const due = (await dueAt(user))?.toISOString();
    const inGrace = await evaluate({ userId: user.id });
    expect(inGrace).toMatchObject({ requirement: 'ALWAYS', requiredAssurance: 'AAL1', isBlocked: false });
    expect(inGrace.explanation.at(-1)).toBe(`May sign in without a factor until ${String(due)}.`);
    const setDue = (at: Date) =>
      world.database.affected('UPDATE users SET enrollment_due_at = $1 WHERE id = $2', [at, user.id]);
    await setDue(inDays(-1));
    expect((await evaluate({ userId: user.id })).explanation.at(-1)).toBe(
      'Must enroll a factor before anything else.',
    );
    await setDue(inDays(9));
    await user.enrollTotp();
    const rules = [{ name: 'shop', clientIds: ['default'], networks: ['198.51.100.0/24'], isBlocking: true }];
    await update({ rules, listedNetworks: ['192.0.2.0/24'] });
    const asked = await evaluate({ userId: user.id, ipAddress: '192.0.2.9' });
    expect(asked).toMatchObject({ requiredAssurance: 'AAL2', signals: ['NEW_DEVICE', 'LISTED_NETWORK'] });
    expect(asked.explanation.at(-1)).toBe('Is asked for a second factor (AAL2).');
    expect((await evaluate({ userId: user.id, isRememberedDevice: true })).explanation.at(-1)).toBe(
      'The remembered browser stands in for the second factor.',
    );
    const blocked = await evaluate({ userId: user.id, clientId: 'default', ipAddress: '198.51.100.4' });
    expect(blocked).toMatchObject({ isBlocked: true });
    expect(blocked.explanation).toEqual(
      expect.arrayContaining(['The rule "shop" applies. Nobody passes.', 'Blocked.']),
    );
    for (const unknown of [{ userId: 'usr_nobody' }, { userId: user.id, clientId: 'nowhere' }])
      expect((await evaluate(unknown)).extensions.code).toBe('BAD_USER_INPUT');
    expect(
      await world.database.rows(`SELECT 1 FROM audit_event WHERE user_id = $1 AND type = 'CHALLENGE_SENT'`, [
        user.id,
      ]),
    ).toEqual([]);
  });

  it('tells which past sign-ins would have gone otherwise, from their recorded facts (RSK-04)', async () => {
    const [app, bare] = [await world.user(), await world.user()];
    await app.enrollTotp();
    await world.advance(60);
    const since = world.now();
    await app.signIn();
    await bare.signIn();
    await bare.signIn({ password: 'wrong' });
    await world.a.app.sealer.sealOnce();

    expect(await replay({}, { since })).toMatchObject({ changedCount: 0, changed: [] });
    const stricter = { riskResponses: [{ signal: 'NEW_DEVICE', response: 'REQUIRE_MFA' }] };
    const got = await replay(stricter, { since, first: 2 });
    // The two users, and the administrator twice: three of them have no factor yet.
    expect([got.signInCount, got.changedCount, got.changed.length]).toEqual([4, 3, 2]);
    const entry = (await replay(stricter, { since, first: 100 })).changed.find(
      ({ event }: { event: { user: { id: string } } }) => event.user.id === bare.id,
    );
    expect(entry).toMatchObject({
      event: { type: 'SIGN_IN_STARTED', outcome: 'SUCCESS', actor: null, factorKind: null },
      before: { isBlocked: false, requiredAssurance: 'AAL1', signals: ['NEW_DEVICE'] },
      after: { isBlocked: false, requiredAssurance: 'AAL2', signals: ['NEW_DEVICE'] },
    });
    expect(entry.before.explanation.at(-1)).toMatch(/^May sign in without a factor until 2031-/);
    expect(entry.after.explanation.at(-1)).toBe('Must enroll a factor before anything else.');
    // On servers a transaction of another test may hold the sealing up.
    if (backend.name === 'embedded') expect(entry.event.chainHash).toMatch(/^[0-9a-f]{64}$/);
    expect((await replay({}, { first: 101 })).extensions.code).toBe('BAD_USER_INPUT');
  });

  it('compares a past sign-in with the policy of its own day', async () => {
    const user = await world.user();
    await user.enrollTotp();
    await update({
      requirement: 'WHEN_RISKY',
      riskResponses: [{ signal: 'NEW_DEVICE', response: 'IGNORE' }],
    });
    await world.advance(60);
    const since = world.now();
    expect((await user.signIn()).flow.status).toBe('COMPLETED');
    await update({ requirement: 'ALWAYS' });
    const { changed } = await replay({ requirement: 'ALWAYS' }, { since });
    expect(changed).toMatchObject([
      {
        event: { user: { id: user.id } },
        before: { requirement: 'WHEN_RISKY', requiredAssurance: 'AAL1' },
        after: { requirement: 'ALWAYS', requiredAssurance: 'AAL2' },
      },
    ]);
  });

  it('replays also the sign-ins that a policy refused', async () => {
    const user = await world.user();
    const riskResponses = { ...DEFAULT_POLICY.riskResponses, NEW_DEVICE: 'BLOCK' } as const;
    const blocking = { ...DEFAULT_POLICY, riskResponses };
    await world.a.app.policies.change({ values: blocking, basedOn: null, updatedBy: null });
    await world.advance(60);
    const since = world.now();
    expect((await user.signIn()).errors).toMatchObject([{ code: 'BLOCKED_BY_POLICY' }]);
    await world.a.app.policies.change({ values: DEFAULT_POLICY, basedOn: null, updatedBy: null });
    const { changed } = await replay({}, { since });
    expect(changed).toMatchObject([
      {
        event: { outcome: 'FAILURE', user: { id: user.id } },
        before: { isBlocked: true },
        after: { isBlocked: false },
      },
    ]);
  });

  it('gives one user more time, with a reason: only forward, never to oneself (ENR-08)', async () => {
    const user = await world.user();
    const due = await dueAt(user);
    const wish = { userId: user.id, until: inDays(60), note: 'On leave \u202euntil May' };
    const refused = async (more: object): Promise<unknown> => (await extend({ ...wish, ...more })).errors;
    for (const until of [inDays(-1), inDays(29), due, inDays(91)])
      expect(await refused({ until })).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', 'until'] }]);
    for (const note of [' ', 'x'.repeat(501)])
      expect(await refused({ note })).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', 'note'] }]);
    expect(await refused({ userId: 'usr_nobody' })).toMatchObject([{ code: 'NOT_FOUND' }]);
    expect(await refused({ userId: admin.id })).toMatchObject([{ code: 'BLOCKED_BY_POLICY' }]);
    expect(await dueAt(user)).toEqual(due);

    expect(await extend(wish)).toEqual({ user: { id: user.id }, errors: [] });
    expect(await dueAt(user)).toEqual(wish.until);
    const [line] = await world.database.rows(
      `SELECT actor_id, user_id, note, reason FROM audit_event WHERE type = 'ENROLLMENT_EXTENDED' AND user_id = $1`,
      [user.id],
    );
    expect(line).toEqual({
      actorId: admin.id,
      userId: user.id,
      note: 'On leave until May',
      reason: `until ${wish.until.toISOString()}`,
    });
    const told = (await world.inbox()).filter(({ to }) => to === user.email);
    expect(told.map(({ subject }) => subject)).toEqual([expect.stringContaining('More time')]);
    // A policy that is put into force again does not move it.
    await update({ enrollmentGraceDays: 1 });
    expect(await dueAt(user)).toEqual(wish.until);
  });

  it('is previewed and replayed from a file on the command line', async () => {
    const written: string[] = [];
    const run = (...command: string[]) =>
      runCommand(world.a.app, ['policy', ...command], (line) => written.push(line));
    const late = await world.user();
    await late.signIn();
    await update({ requirement: 'OPTIONAL' });
    await endGrace();
    const text = printPolicyFile({ ...(await world.a.app.policies.current()), requirement: 'ALWAYS' });
    expect(await run('preview', text, 'policy.yaml')).toBe(0);
    expect(written.join('\n')).toMatch(/could not sign in any more without enrolling +2\n/);
    expect(written.join('\n')).toContain(late.email);
    expect(await run('replay', text, 'policy.yaml', '2031-01-01')).toBe(0);
    expect(written.join('\n')).toMatch(/sign-ins looked at +\d/);
    expect(await run('replay', text, 'policy.yaml', 'soon')).toBe(2);
    expect(await run('preview', 'mfa_enforcement: { all_users: maybe }', 'policy.yaml')).toBe(1);
    expect(written.at(-1)).toMatch(/^policy\.yaml:/);
  });
});
