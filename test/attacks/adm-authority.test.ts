// Who may act on whose account. An attacker holds an agent's session, or is an agent: acts without a fresh proof, on
// themselves, on administrators, twice with one proof, or opens by themselves an account that had a second factor.
// Every mutation of the help desk and of administrators is tried in each of these ways.
import { describeOnEachBackend, describeOnServers, type Backend } from '../support/backends';
import { EVIDENCE, NOTE, act, anew, codesOf, eventsOf, freshly } from '../support/help-desk';
import { SENDING, otherCode, userWithNumber } from '../support/sent-codes';
import { GOT, World, type Ask, type TestUser } from '../support/world';

/** Each mutation with a right input besides the user's id, and who may call it. */
const MUTATIONS: Readonly<Record<string, { readonly isForAdmins?: boolean; readonly input: object }>> = {
  lockUser: { input: { note: NOTE } },
  unlockUser: { input: { note: NOTE } },
  signOutUser: { input: { note: NOTE } },
  resetFactors: { input: EVIDENCE },
  issueTemporaryCode: { input: EVIDENCE },
  startCallerCheck: { input: { factorId: 'fct_none' } },
  setUserRoles: { isForAdmins: true, input: { roles: ['USER'] } },
  deleteUser: { isForAdmins: true, input: { note: NOTE } },
};
const HELP_DESK = Object.keys(MUTATIONS).filter((name) => !MUTATIONS[name]?.isForAdmins);
const ENROLLMENT = 'enrollment { status } enrollmentToken';

async function openWorld(backend: Backend, gateways = 1) {
  const world = await World.open(backend, { environment: SENDING, gateways });
  const admin = await world.user({ roles: ['ADMIN'] });
  const desk = await world.user({ roles: ['HELP_DESK'] });
  return { world, admin, desk };
}

describeOnEachBackend('the authority over accounts (ENR-11, RL-09)', (backend) => {
  let world: World;
  let admin: TestUser;
  let desk: TestUser;
  beforeAll(async () => ({ world, admin, desk } = await openWorld(backend)));
  afterAll(() => world.close());
  beforeEach(() => world.advance(1));

  const tried = async (name: string, userId: string, ask: Ask, input = MUTATIONS[name]?.input) => {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const { data, errors } = await world.a.ask(
      `mutation($input: ${type}!) { ${name}(input: $input) { errors { code path } } }`,
      { input: { userId, ...input } },
      ask,
    );
    return errors?.[0]?.extensions.code ?? data[name].errors[0]?.code ?? 'DONE';
  };
  const each = async (names: readonly string[], run: (name: string) => Promise<string>) =>
    Object.fromEntries(await Promise.all(names.map(async (name) => [name, await run(name)] as const)));
  const all = (names: readonly string[], code: string) =>
    Object.fromEntries(names.map((name) => [name, code]));
  const NAMES = Object.keys(MUTATIONS);

  it('is asked of everybody: strangers, users and agents get no further than their role', async () => {
    const { id } = await world.user();
    const user = await freshly(await world.user());
    const agent = await freshly(desk);
    expect(await each(NAMES, (name) => tried(name, id, {}))).toEqual(all(NAMES, 'UNAUTHENTICATED'));
    expect(await each(NAMES, (name) => tried(name, id, user))).toEqual(all(NAMES, 'FORBIDDEN'));
    const admins = NAMES.filter((name) => MUTATIONS[name]?.isForAdmins);
    expect(await each(admins, (name) => tried(name, id, agent))).toEqual(all(admins, 'FORBIDDEN'));
    for (const query of [
      'users { totalCount }',
      'factors { totalCount }',
      'auditEvents { totalCount }',
      `user(id: "${id}") { id }`,
      'statistics(since: "2031-03-01T00:00:00Z") { date }',
    ]) {
      const codes = await Promise.all(
        [{}, user].map(
          async (ask) => (await world.a.ask(`{ ${query} }`, {}, ask)).errors?.[0]?.extensions.code,
        ),
      );
      expect([query, ...codes]).toEqual([query, 'UNAUTHENTICATED', 'FORBIDDEN']);
    }
  });

  it('needs a fresh proof for every act', async () => {
    const { id } = await world.user();
    const { tokens } = await admin.signIn();
    await world.advance(400);
    // New tokens are no new proof.
    const { refreshToken } = tokens as { refreshToken: string };
    const refreshed = await world.a.mutate('refreshTokens', { refreshToken }, 'tokens { accessToken }');
    const stale = { authorization: `Bearer ${refreshed.tokens.accessToken as string}` };
    expect(await each(NAMES, (name) => tried(name, id, stale))).toEqual(all(NAMES, 'STEP_UP_REQUIRED'));
    const invited = await world.a.mutate('inviteUser', { email: 'new@example.com' }, '', stale);
    expect(codesOf(invited)).toEqual(['STEP_UP_REQUIRED']);
  });

  it('does not reach oneself, a higher role, or nobody', async () => {
    const [root, agent] = [await freshly(admin), await freshly(desk)];
    expect(await each(NAMES, (name) => tried(name, admin.id, root))).toEqual(all(NAMES, 'BLOCKED_BY_POLICY'));
    expect(await each(HELP_DESK, (name) => tried(name, admin.id, agent))).toEqual(
      all(HELP_DESK, 'BLOCKED_BY_POLICY'),
    );
    for (const id of ['usr_00000000000000000000000000', "' OR true --", ''])
      expect(await each(NAMES, (name) => tried(name, id, root))).toEqual(all(NAMES, 'NOT_FOUND'));
  });

  it('needs a reason of 1 to 500 characters, and evidence where factors are concerned', async () => {
    const { id } = await world.user();
    const ask = await freshly(admin);
    const noted = NAMES.filter((name) => 'note' in (MUTATIONS[name]?.input ?? {}));
    for (const note of ['', '  \u200e\n', 'x'.repeat(501), 'x'.repeat(5_000)]) {
      const codes = await each(noted, (name) => tried(name, id, ask, { ...MUTATIONS[name]?.input, note }));
      expect(codes).toEqual(all(noted, 'INVALID_INPUT'));
    }
    for (const name of ['resetFactors', 'issueTemporaryCode'])
      expect(await tried(name, id, ask, { ...EVIDENCE, evidenceReference: ' ' })).toBe('INVALID_INPUT');
    for (const validForMinutes of [0, 4, 1441, -1])
      expect(await tried('issueTemporaryCode', id, ask, { ...EVIDENCE, validForMinutes })).toBe(
        'INVALID_INPUT',
      );
  });

  it('one proof is good for one act of the highest class (STP-02)', async () => {
    const [one, other] = [await world.user(), await world.user()];
    const ask = await anew(admin);
    expect(await tried('deleteUser', one.id, ask)).toBe('DONE');
    expect(await tried('deleteUser', other.id, ask)).toBe('STEP_UP_REQUIRED');
    expect(await tried('setUserRoles', other.id, ask, { roles: ['HELP_DESK'] })).toBe('STEP_UP_REQUIRED');
    expect(await tried('issueTemporaryCode', other.id, ask)).toBe('STEP_UP_REQUIRED');
  });

  it('an agent who also knows the password cannot open an account that had a second factor', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const pairing = await user.signInWithTotp();
    const session = { authorization: `Bearer ${pairing.tokens.accessToken as string}` };
    const SETUP = 'enrollment { setup { ... on PushSetup { uri } } }';
    const started = await world.a.mutate('startEnrollment', { kind: 'PUSH' }, SETUP, session);
    expect(await tried('issueTemporaryCode', user.id, await freshly(desk))).toBe('BLOCKED_BY_POLICY');
    expect(await tried('resetFactors', user.id, await anew(desk))).toBe('DONE');
    // A phone whose pairing began before the reset.
    await expect(user.pairBy(started.enrollment.setup.uri as string)).rejects.toThrow();
    for (const name of ['unlockUser', 'signOutUser'])
      expect(await tried(name, user.id, await freshly(desk))).toBe('DONE');
    expect(await tried('issueTemporaryCode', user.id, await freshly(desk))).toBe('BLOCKED_BY_POLICY');
    const { flow, flowToken, tokens } = await user.signIn();
    expect({ tokens, status: flow.status, factors: flow.factors }).toEqual({
      tokens: null,
      status: 'CHALLENGE_REQUIRED',
      factors: [],
    });
    const enrolled = await world.a.mutate('startEnrollment', { kind: 'TOTP', flowToken }, ENROLLMENT);
    expect(codesOf(enrolled)).toEqual(['WRONG_STATUS']);
    expect(
      codesOf(
        await world.a
          .mutate('startEnrollment', { kind: 'TOTP' }, ENROLLMENT, session)
          .catch(() => ({ errors: [{ code: 'UNAUTHENTICATED' }] })),
      ),
    ).toEqual(['UNAUTHENTICATED']);
    expect(await eventsOf(world, user.id, 'FACTOR_ENROLLED')).toHaveLength(1);
  });

  it('a code for the first day lets its user in once, to enroll, and no one who had a factor', async () => {
    const user = await world.user();
    const issued = await act(
      desk,
      'issueTemporaryCode',
      { userId: user.id, ...EVIDENCE, validForMinutes: 5 },
      'code expiresAt user { id }',
    );
    expect(issued).toMatchObject({ errors: [], user: { id: user.id } });
    expect(Date.parse(issued.expiresAt as string) - world.now().getTime()).toBe(300_000);
    const [event] = await eventsOf(world, user.id, 'TEMPORARY_CODE_ISSUED');
    expect(event).toMatchObject({
      actorId: desk.id,
      note: NOTE,
      details: { evidenceReference: 'ticket 4711' },
    });
    expect(JSON.stringify(event)).not.toContain(issued.code);
  });

  describe('a caller check', () => {
    const check = (userId: string, factorId: string) =>
      act(desk, 'startCallerCheck', { userId, factorId }, 'flow { id status } flowToken');

    it("takes no backup code, nobody else's factor, and no other kind than the one that was chosen", async () => {
      const { user, factorId } = await userWithNumber(world);
      const codes = await world.database.row<{ id: string }>(
        `SELECT id FROM factor WHERE user_id = $1 AND kind = 'BACKUP_CODE'`,
        [user.id],
      );
      expect(codesOf(await check(user.id, codes?.id ?? ''))).toEqual(['FACTOR_NOT_AVAILABLE']);
      const other = await userWithNumber(world);
      expect(codesOf(await check(other.user.id, factorId))).toEqual(['NOT_FOUND']);
      const { flowToken } = await check(user.id, factorId);
      const switched = await world.a.mutate('startChallenge', { flowToken, factorId: codes?.id }, GOT);
      expect(codesOf(switched)).toEqual(['FACTOR_NOT_AVAILABLE']);
      for (const mutation of ['completeAuthFlow', 'setPassword']) {
        const input =
          mutation === 'setPassword' ? { flowToken, newPassword: 'zebra umbrella 7 quiet' } : { flowToken };
        expect(codesOf(await world.a.mutate(mutation, input, GOT))).toEqual(['WRONG_STATUS']);
      }
      expect(
        codesOf(await world.a.mutate('startEnrollment', { kind: 'TOTP', flowToken }, ENROLLMENT)),
      ).toEqual(['WRONG_STATUS']);
    });

    it('counts guesses against the user, and ends after five', async () => {
      const { user, factorId } = await userWithNumber(world);
      const { flowToken } = await check(user.id, factorId);
      const guess = async () =>
        codesOf(
          await world.a.mutate('verifyChallenge', { flowToken, proof: { code: otherCode('000000') } }, GOT),
        )[0];
      const codes = [];
      for (let count = 0; count < 5; count += 1) codes.push(await guess());
      expect(codes).toEqual([...Array(4).fill('INVALID_CODE'), 'TOO_MANY_ATTEMPTS']);
      const held = await world.database.row<{ count: number }>(
        'SELECT count FROM limit_counter WHERE key = $1',
        [`guess:${user.id}`],
      );
      expect(held?.count).toBe(5);
      expect(await eventsOf(world, user.id, 'CALLER_CHECK_COMPLETED')).toEqual([]);
    });
  });
});

describeOnServers('authority at the same instant, over two gateways', (backend) => {
  let world: World;
  let admin: TestUser;
  let desk: TestUser;
  beforeAll(async () => ({ world, admin, desk } = await openWorld(backend, 2)));
  afterAll(() => world.close());
  beforeEach(() => world.advance(1));

  it("two administrators who take each other's role at once leave one administrator", async () => {
    const other = await world.user({ roles: ['ADMIN'] });
    const [first, second] = [await anew(admin), await anew(other)];
    const demote = (ask: Ask, userId: string, gateway = world.a) =>
      gateway.mutate('setUserRoles', { userId, roles: ['USER'] }, '', ask);
    const done = await Promise.allSettled([demote(first, other.id), demote(second, admin.id, world.b)]);
    expect(done.filter((one) => one.status === 'fulfilled' && one.value.errors.length === 0)).toHaveLength(1);
    const left = await world.database.rows<{ id: string }>(
      `SELECT id FROM users WHERE 'ADMIN' = ANY (roles)`,
    );
    expect(left).toHaveLength(1);
    await world.database.affected(`UPDATE users SET roles = '{ADMIN}' WHERE id = $1`, [admin.id]);
  });

  it('no session outlives a lock, however close the sign-in was', async () => {
    for (let round = 0; round < 3; round += 1) {
      const user = await world.user();
      const ask = await freshly(desk);
      const [locked, signedIn] = await Promise.all([
        world.a.mutate('lockUser', { userId: user.id, note: NOTE }, '', ask),
        user.signIn({}, world.b),
      ]);
      expect(locked.errors).toEqual([]);
      const standing = await world.database.rows(
        'SELECT 1 FROM session WHERE user_id = $1 AND revoked_at IS NULL',
        [user.id],
      );
      expect([round, standing.length]).toEqual([round, 0]);
      const authorization = `Bearer ${(signedIn.tokens?.accessToken as string | undefined) ?? 'none'}`;
      expect((await world.b.ask('{ viewer { id } }', {}, { authorization })).data?.viewer).toBeFalsy();
    }
  });

  it('of two resets at once one is done', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const asks = [await anew(desk), await anew(admin)];
    const done = await Promise.all(
      asks.map((ask, index) =>
        (index ? world.b : world.a).mutate('resetFactors', { userId: user.id, ...EVIDENCE }, '', ask),
      ),
    );
    expect(done.map(codesOf).sort()).toEqual([[], ['FACTOR_NOT_AVAILABLE']]);
    expect(await eventsOf(world, user.id, 'FACTORS_RESET')).toHaveLength(1);
  });
});
