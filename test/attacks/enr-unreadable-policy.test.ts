/**
 * The attack: making the policy unreadable, by a broken row, a lost table or an older version of the program, in the hope
 * that no policy means no demand.
 * The guarantee: then a second factor is required of everybody, nothing spares it, and whoever has one can still sign in.
 * The fault is in the log; the client learns nothing of it.
 */
import type { PolicyValues } from '../../src/features/policy';
import { codeOf, dump, sessionCount, userWithApp } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import { isSpared, rememberedBrowser, signInFully } from '../support/browsers';
import { policy } from '../support/policy-facts';
import { GOT, PASSWORD, World, type TestUser } from '../support/world';

const BROKEN: readonly [string, string, string][] = [
  [
    'a word that nobody knows',
    `UPDATE policy SET "values" = jsonb_set("values", '{requirement}', '"NEVER"')`,
    'UPDATE policy SET "values" = kept."values" FROM kept WHERE kept.version = policy.version',
  ],
  ['no row', 'DELETE FROM policy', 'INSERT INTO policy SELECT * FROM kept'],
  ['no table', 'ALTER TABLE policy RENAME TO lost', 'ALTER TABLE lost RENAME TO policy'],
];

describeOnEachBackend('ENR-13 a policy that cannot be read', (backend) => {
  let world: World;
  let bare: TestUser;
  let dormant: TestUser;
  let app: TestUser;
  let deviceToken: string;
  beforeAll(async () => {
    world = await World.open(backend);
    const free: Partial<PolicyValues> = { requirement: 'OPTIONAL' };
    await world.a.app.policies.change({ values: policy(free), basedOn: null, updatedBy: null });
    bare = await world.user();
    dormant = await world.user();
    app = await userWithApp(world);
    ({ deviceToken } = await rememberedBrowser(app));
    expect((await bare.signIn()).tokens).not.toBeNull();
    expect(await isSpared(app, deviceToken)).toBe(true);
    await world.database.rows('CREATE TABLE kept AS SELECT * FROM policy');
  });
  afterAll(() => world.close());

  // What differs between the databases is how they say that there is no such table.
  const ways = backend.name === 'embedded' ? BROKEN : BROKEN.slice(-1);

  describe.each(ways)('%s', (_, breakIt, mendIt) => {
    beforeAll(async () => {
      await world.database.affected('DELETE FROM limit_counter');
      await world.database.affected(breakIt);
      // A process may hold what it has read: one that starts now has nothing.
      await world.restart();
      world.logged.splice(0);
    });
    afterAll(async () => {
      await world.database.affected(mendIt);
      expect((await bare.signIn()).tokens).not.toBeNull();
    });

    test('gives no session without a second factor', async () => {
      const before = [await sessionCount(world, bare), await sessionCount(world, app)];
      const { flow, tokens } = await bare.signIn();
      expect(tokens).toBeNull();
      expect(flow?.factors ?? []).toEqual([]);
      expect(await isSpared(app, deviceToken)).toBe(false);
      expect([await sessionCount(world, bare), await sessionCount(world, app)]).toEqual(before);
    });

    test('ENR-09 lets nobody enroll by the password of an account that was left alone', async () => {
      await world.database.affected(
        `UPDATE users SET created_at = created_at - interval '90 days', last_sign_in_at = last_sign_in_at - interval '90 days'
         WHERE id = $1`,
        [dormant.id],
      );
      const { flow, flowToken } = await dormant.signIn();
      expect(flow).toMatchObject({ status: 'CHALLENGE_REQUIRED', factors: [], enrollableKinds: [] });
      const refused = await world.a.mutate('startEnrollment', { kind: 'TOTP', flowToken }, 'enrollmentToken');
      expect(codeOf(refused)).toBe('WRONG_STATUS');
    });

    test('lets in whoever has one, and remembers no browser', async () => {
      const done = await signInFully(app, { rememberDevice: true });
      expect(done.tokens.session.assurance).toBe('AAL2');
      expect(await isSpared(app, done.tokens.deviceToken as string)).toBe(false);
    });

    test('is told to the log, and to nobody else', async () => {
      const { flow } = await app.signIn();
      expect(flow).toMatchObject({ reason: null, promptReasons: ['POLICY'], requiredAssurance: 'AAL2' });
      const levels = world.logged.map((line) => JSON.parse(line) as { level: number | string; msg: string });
      expect(levels).toContainEqual(
        expect.objectContaining({ msg: 'the policy cannot be read: a second factor is required' }),
      );
    });

    test('refuses a sensitive action rather than judging it by defaults', async () => {
      const { tokens } = await signInFully(app);
      const ask = { authorization: `Bearer ${tokens.accessToken as string}` };
      const reply = await world.a.ask(
        `mutation { startStepUp(input: { action: "payments.send", password: "${PASSWORD}" }) { tokens { accessToken } errors { code } } }`,
        {},
        ask,
      );
      expect(reply.data?.startStepUp?.tokens ?? null).toBeNull();
      // Without an action it is about the account itself, which must not become unmanageable.
      const plain = await world.a.mutate('startStepUp', { maxAgeSeconds: 0 }, GOT, ask);
      expect(plain.flow.status).toBe('CHALLENGE_PENDING');
    });
  });

  test('makes no account, and the client learns nothing of the fault', async () => {
    await world.database.affected('ALTER TABLE policy RENAME TO lost');
    const input = { email: 'newcomer@example.com', password: 'violet-harbour-nine-kettles' };
    const reply = await world.a.ask(
      `mutation($input: SignUpInput!) { signUp(input: $input) { ${GOT} errors { code } } }`,
      { input },
    );
    const messages = (reply.errors ?? []).map(({ message }) => message);
    expect(messages.filter((message) => message !== 'Something went wrong.')).toEqual([]);
    expect(reply.body).not.toMatch(/polic|SELECT|"values"/);
    expect(reply.data?.signUp?.tokens ?? null).toBeNull();
    const made = await world.database.row('SELECT 1 FROM users WHERE email = $1', [input.email]);
    expect(made).toBeUndefined();
    await world.database.affected('ALTER TABLE lost RENAME TO policy');
  });

  test('a first factor enrolled meanwhile is one, and the flow gives its session', async () => {
    await world.database.affected(`UPDATE policy SET "values" = '{"requirement": 1}'`);
    await world.restart();
    const { flowToken } = await bare.signIn();
    expect((await bare.enrollTotpInFlow(flowToken as string)).tokens.session.assurance).toBe('AAL2');
    expect(codeOf(await world.a.mutate('completeAuthFlow', { flowToken }, GOT))).not.toBe('INTERNAL');
    expect(await dump(world)).not.toContain(bare.apps[0]);
  });
});
