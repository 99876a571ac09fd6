/**
 * The attack: none needed: the provider is down, or the gateway dies between deciding and sending. And an operator who
 * switches SMS off, or a user who prefers it.
 * The guarantee: a failure is shown on the flow, costs no attempt and leaves the other factors; one request sends one
 * SMS; SMS that is off is neither offered nor sent nor replaced by less; and it never stands before a better factor.
 */
import { answer, codeOf, guesses, mailedCode } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import {
  SENDING,
  arrived,
  askCode,
  enrollByCode,
  freshNumber,
  kindsOf,
  liftSendLimits,
  startByCode,
  userWithNumber,
} from '../support/sent-codes';
import { FLOW, GOT, World, type TestUser } from '../support/world';

describeOnEachBackend('SMS that fail', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { environment: SENDING })));
  afterAll(() => world.close());
  beforeEach(async () => {
    await liftSendLimits(world);
    // A provider that failed rests a while.
    await world.advance(60);
  });

  const flowOf = async (flowToken: string) =>
    (await world.a.ask(`query($t: String!) { authFlow(flowToken: $t) { ${FLOW} } }`, { t: flowToken })).data
      .authFlow;
  /** While the work runs, the provider takes nothing. */
  async function withoutProvider(work: () => Promise<void>): Promise<void> {
    await world.database.rows('ALTER TABLE dev_inbox RENAME TO dev_inbox_away');
    try {
      await work();
    } finally {
      await world.database.rows('ALTER TABLE dev_inbox_away RENAME TO dev_inbox');
    }
  }
  async function tryFiveTimes(): Promise<void> {
    for (const longestPause of [2, 6, 18, 54, 0]) {
      await world.a.app.outbox.deliverDue();
      await world.advance(longestPause);
    }
  }

  test('SMS-09 show on the flow as FAILED with the reason, cost no attempt and leave the other factors', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const first = await askCode(world, user, factorId);
    const signedIn = await answer(world.a, first.flowToken, await mailedCode(world, phoneNumber));
    await user.enrollTotp(`Bearer ${signedIn.tokens.accessToken as string}`);
    await world.advance(60);
    const before = (await arrived(world, phoneNumber)).length;
    const got = await askCode(world, user, factorId);
    expect(got.flow.challenge).toMatchObject({ delivery: 'QUEUED', attemptsRemaining: 5 });
    await withoutProvider(tryFiveTimes);
    const failed = await flowOf(got.flowToken);
    expect(failed).toMatchObject({
      status: 'CHALLENGE_PENDING',
      reason: 'DELIVERY_FAILED',
      challenge: { kind: 'SMS', delivery: 'FAILED', attemptsRemaining: 5 },
    });
    expect(kindsOf(failed)).toEqual(['TOTP', 'SMS']);
    expect((await guesses(world, user)).count).toBe(0);
    expect(await arrived(world, phoneNumber)).toHaveLength(before);
    const input = { flowToken: got.flowToken, factorId: failed.factors[0].id };
    const other = await world.a.mutate('startChallenge', input, GOT);
    expect(other.flow).toMatchObject({ reason: null, challenge: { kind: 'TOTP' } });
    expect((await answer(world.a, got.flowToken, await user.code())).flow.status).toBe('COMPLETED');
  });

  test('SMS-09 are sent once the provider is back, one for one request, and shown as sent', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const before = (await arrived(world, phoneNumber)).length;
    const got = await askCode(world, user, factorId);
    await withoutProvider(async () => void (await world.a.app.outbox.deliverDue()));
    expect((await flowOf(got.flowToken)).challenge.delivery).toBe('QUEUED');
    await world.advance(10);
    for (let turn = 0; turn < 3; turn += 1) await world.a.app.outbox.deliverDue();
    expect(await arrived(world, phoneNumber)).toHaveLength(before + 1);
    expect(await flowOf(got.flowToken)).toMatchObject({ reason: null, challenge: { delivery: 'SENT' } });
  });

  test('SMS-09 REL-12 a gateway that ends between commit and sending costs no SMS and sends none twice', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const before = (await arrived(world, phoneNumber)).length;
    const got = await askCode(world, user, factorId);
    await world.restart();
    for (let turn = 0; turn < 3; turn += 1) await world.a.app.outbox.deliverDue();
    expect(await arrived(world, phoneNumber)).toHaveLength(before + 1);
    const code = await mailedCode(world, phoneNumber);
    expect((await answer(world.a, got.flowToken, code)).flow.status).toBe('COMPLETED');
  });

  test('SMS-09 that are too old are not sent any more', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const before = (await arrived(world, phoneNumber)).length;
    await askCode(world, user, factorId);
    await world.advance(301);
    expect(await arrived(world, phoneNumber)).toHaveLength(before);
  });

  test('SMS-08 is never first where something better is enrolled, even if its owner prefers it', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const phoneNumber = freshNumber();
    const smsId = await enrollByCode(world, user, { phoneNumber }, authorization);
    const got = await askCode(world, user, smsId);
    const done = await answer(world.a, got.flowToken, await mailedCode(world, phoneNumber));
    await user.enrollTotp(`Bearer ${done.tokens.accessToken as string}`);
    await world.database.affected('UPDATE factor SET is_preferred = true WHERE id = $1', [smsId]);
    const before = (await world.inbox()).length;
    const { flow } = await user.signIn();
    expect(kindsOf(flow)).toEqual(['TOTP', 'SMS']);
    expect(flow.challenge.kind).toBe('TOTP');
    expect(await world.inbox()).toHaveLength(before);
  });

  test('SMS-08 is marked as restricted in the schema', async () => {
    const { data } = await world.a.ask('{ __type(name: "FactorKind") { enumValues { name description } } }');
    const values = data.__type.enumValues as { name: string; description: string }[];
    expect(values.find(({ name }) => name === 'SMS')?.description).toMatch(/restricted/i);
  });
});

describeOnEachBackend('SMS that is switched off', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { environment: { SMS_COUNTRIES: 'none' } })));
  afterAll(() => world.close());

  /** Enrolled before it was switched off. */
  const giveNumber = async (user: TestUser): Promise<string> => {
    const id = `fct_${user.id}`;
    await world.database.affected(
      `INSERT INTO factor (id, user_id, kind, hint) VALUES ($1, $2, 'SMS', '•••• 42')`,
      [id, user.id],
    );
    return id;
  };

  test('SMS-08 is hidden, cannot be asked for and cannot be added', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const smsId = await giveNumber(user);
    await world.advance(60);
    const got = await user.signIn({ autoStart: false });
    expect(kindsOf(got.flow)).toEqual(['TOTP']);
    const input = { flowToken: got.flowToken, factorId: smsId };
    expect(codeOf(await world.a.mutate('startChallenge', input, GOT))).toBe('FACTOR_NOT_AVAILABLE');
    const done = await user.signInWithTotp();
    const authorization = `Bearer ${done.tokens.accessToken as string}`;
    const started = await startByCode(world, authorization, { kind: 'SMS', phoneNumber: '+12025550001' });
    expect(started).toMatchObject({ enrollment: null, errors: [{ code: 'FACTOR_NOT_AVAILABLE' }] });
    const { data } = await world.a.ask(
      '{ gateway { enabledKinds } viewer { enrollableKinds factors { kind } } }',
      {},
      { authorization },
    );
    for (const kinds of [data.gateway.enabledKinds, data.viewer.enrollableKinds]) {
      expect(kinds).toContain('TOTP');
      expect(kinds).not.toContain('SMS');
      expect(kinds).not.toContain('EMAIL');
    }
    // Its owner still sees it, and may remove it.
    expect(kindsOf(data.viewer)).toEqual(['TOTP', 'SMS']);
    expect(await world.inbox()).toEqual(
      expect.not.arrayContaining([expect.objectContaining({ channel: 'sms' }) as object]),
    );
  });

  test('SMS-08 lets nobody in with the password alone, and nobody add a factor by it', async () => {
    const user = await world.user();
    await giveNumber(user);
    const got = await user.signIn();
    expect(got).toMatchObject({
      tokens: null,
      flow: null,
      flowToken: null,
      errors: [{ code: 'BLOCKED_BY_POLICY' }],
    });
    const sessions = await world.database.rows('SELECT 1 FROM session WHERE user_id = $1', [user.id]);
    expect(sessions).toEqual([]);
  });
});
