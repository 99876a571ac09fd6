import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_POLICY, parsePolicyFile } from '../../src/features/policy';
import { applyPolicyFile } from '../../src/policy-at-start';
import { answer, userWithApp } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import { isSpared, rememberedBrowser } from '../support/browsers';
import { maxmindCity, placesFile } from '../support/mmdb';
import { withPolicy } from '../support/policy';
import { GOT, PASSWORD, TestUser, World } from '../support/world';

const DAY = 86_400;
const ARTICLE = readFileSync(join(__dirname, '../support/article-policy.yaml'), 'utf8');
const ZURICH = '203.0.113.9';
const NEW_YORK = '198.51.100.7';
const REMINDED = 'flow { status enrollmentDueAt } tokens { accessToken session { assurance } }';

describeOnEachBackend('the policy of the article, as the file of a gateway', (backend) => {
  let world: World;
  const file = withPolicy(ARTICLE);
  beforeAll(async () => {
    world = await World.open(backend, {
      gateways: backend.name === 'servers' ? 2 : 1,
      environment: {
        ...file,
        TRUST_PROXY: '127.0.0.1',
        PLACES_FILE: placesFile({
          '203.0.113.0/24': maxmindCity('CH', 'Zurich', 47.37, 8.54),
          '198.51.100.0/24': maxmindCity('US', 'New York', 40.71, -74.01),
        }),
      },
    });
  });
  afterAll(() => world.close());
  beforeEach(() => world.database.affected('DELETE FROM limit_counter'));

  const version = async () => (await world.b.app.policies.current()).version;
  const inDays = (days: number): string => new Date(world.now().getTime() + days * DAY * 1000).toISOString();
  const signIn = (
    user: TestUser,
    selection: string,
    gateway = world.a,
    more: object = {},
    address = ZURICH,
  ) =>
    gateway.mutate('signIn', { email: user.email, password: PASSWORD, ...more }, selection, {
      headers: { 'x-forwarded-for': address },
    });
  const viewer = async (accessToken: string) =>
    (
      await world.b.ask(
        '{ viewer { enrollmentDueAt factors { kind } } }',
        {},
        { authorization: `Bearer ${accessToken}` },
      )
    ).data.viewer;

  it('is in force from the start, on all gateways, and is what the gateway would do without it', async () => {
    for (const gateway of [world.a, world.b])
      expect(await gateway.app.policies.current()).toMatchObject({ ...DEFAULT_POLICY, version: 2 });
  });

  it('lets people sign in for thirty days, and reminds them', async () => {
    const user = await world.user();
    const due = inDays(30);
    for (const gateway of [world.a, world.b]) {
      const { flow, tokens } = await signIn(user, REMINDED, gateway);
      expect(flow).toEqual({ status: 'COMPLETED', enrollmentDueAt: due });
      expect(tokens.session.assurance).toBe('AAL1');
      expect((await viewer(tokens.accessToken as string)).enrollmentDueAt).toBe(due);
      await world.advance(14 * DAY);
    }
  });

  it('after thirty days lets them enroll a factor and nothing else', async () => {
    const user = await world.user();
    await world.advance(30 * DAY);
    const begun = await signIn(user, GOT, world.b);
    expect(begun).toMatchObject({ tokens: null, flow: { status: 'ENROLLMENT_REQUIRED' } });
    const done = await user.enrollTotpInFlow(begun.flowToken as string);
    expect(done.tokens.session.assurance).toBe('AAL2');
    expect(user.backupCodes).toHaveLength(10);
    expect(await viewer(done.tokens.accessToken as string)).toEqual({
      enrollmentDueAt: null,
      factors: [{ kind: 'TOTP' }, { kind: 'BACKUP_CODE' }],
    });
    await world.advance(60);
    const again = await signIn(user, GOT);
    expect(again.flow).toMatchObject({ status: 'CHALLENGE_PENDING', challenge: { kind: 'TOTP' } });
    expect((await answer(world.b, again.flowToken as string, await user.code())).tokens).not.toBeNull();
  });

  it('leaves service accounts out', async () => {
    const email = 'robot@example.com';
    const { id } = await world.a.app.accounts.provision(
      { email, password: PASSWORD, isTrusted: true, roles: ['USER'], accountType: 'SERVICE' },
      null,
      null,
    );
    const robot = new TestUser(world, id, email);
    for (const days of [0, 31, 120]) {
      await world.advance(days * DAY);
      const { flow, tokens } = await signIn(robot, REMINDED, world.b);
      expect(flow).toEqual({ status: 'COMPLETED', enrollmentDueAt: null });
      expect(tokens.session.assurance).toBe('AAL1');
    }
  });

  it('asks on a new device and at a new place, although another browser is remembered', async () => {
    const user = await userWithApp(world);
    const { deviceToken } = await rememberedBrowser(user);
    expect(await isSpared(user, deviceToken, {}, world.b)).toBe(true);
    const elsewhere = await signIn(user, GOT, world.b);
    expect(elsewhere.tokens).toBeNull();
    expect(elsewhere.flow.promptReasons).toEqual(['POLICY', 'NEW_DEVICE']);

    // From its first place on there is something to compare with.
    expect((await signIn(user, GOT, world.a, { deviceToken })).flow.reason).toBe('CHALLENGE_NOT_NEEDED');
    await world.advance(DAY);
    const travelled = await signIn(user, GOT, world.b, { deviceToken }, NEW_YORK);
    expect(travelled.tokens).toBeNull();
    expect(travelled.flow.promptReasons).toEqual(['NEW_LOCATION']);
    expect((await signIn(user, GOT, world.b, { deviceToken })).flow.reason).toBe('CHALLENGE_NOT_NEEDED');
  });

  it('requires a factor for a sensitive action, within the thirty days too', async () => {
    const [bare, app] = [await world.user(), await userWithApp(world)];
    const stepUp = async (authorization: string) =>
      world.b.mutate('startStepUp', { action: 'payments.send', password: PASSWORD }, GOT, { authorization });
    const begun = await stepUp(await bare.firstSignIn());
    expect(begun).toMatchObject({ tokens: null, flow: { status: 'ENROLLMENT_REQUIRED' } });
    const { authorization } = await rememberedBrowser(app);
    const asked = await stepUp(authorization);
    expect(asked).toMatchObject({ tokens: null, flow: { status: 'CHALLENGE_PENDING' } });
    expect(asked.flow.promptReasons).toContain('STEP_UP');
  });

  it('makes no new version when gateways restart with the same file', async () => {
    const before = await version();
    await world.restart();
    await world.restart();
    expect(await version()).toBe(before);
  });

  it('takes a changed file at the next start, once', async () => {
    const before = await version();
    writeFileSync(file.POLICY_FILE, ARTICLE.replace('30_days', '7_days'));
    await world.restart();
    expect(await world.a.app.policies.current()).toMatchObject({
      version: before + 1,
      enrollmentGraceDays: 7,
      updatedBy: null,
    });
    await world.restart();
    expect(await version()).toBe(before + 1);
    const user = await world.user();
    expect((await signIn(user, REMINDED)).flow.enrollmentDueAt).toBe(inDays(7));
  });

  it('is not taken back at the next start where an administrator has changed it since', async () => {
    const { version: before, enrollmentGraceDays } = await world.a.app.policies.current();
    const values = { ...DEFAULT_POLICY, enrollmentGraceDays: enrollmentGraceDays + 1 };
    await world.a.app.policies.change({ values, basedOn: before, updatedBy: null });
    await world.restart();
    expect(await world.b.app.policies.current()).toMatchObject({ ...values, version: before + 1 });
  });

  it('is applied once by gateways that start at the same instant', async () => {
    const before = await version();
    const text = ARTICLE.replace('30_days', '21_days');
    const parsed = parsePolicyFile(text);
    if ('faults' in parsed) throw new Error(parsed.faults.join('\n'));
    await Promise.all(
      [world.a, world.b, world.a].map(({ app }) => app.policies.applyFile(text, parsed.values)),
    );
    expect(await version()).toBe(before + 1);
  });

  it('keeps a gateway from starting where the file has a fault, and says where it is', async () => {
    writeFileSync(file.POLICY_FILE, ARTICLE.replace('prompt_mfa', 'promt_mfa'));
    const { policies, log } = world.a.app;
    const started = applyPolicyFile(file.POLICY_FILE, policies, log);
    await expect(started).rejects.toThrow(/policy\.yaml:\d+:\d+: new_device/);
  });
});
