/**
 * The attack: getting more out of a recovery than its owner's way back in: a session by the code alone, a second use of the
 * code, an old factor, session or browser that lives on, or a recovery that is stopped and completed at once.
 * The guarantee: the code leads to enrollment and nowhere else. With the new factor, in one transaction, all that was there
 * before dies; without it nothing has changed.
 */
import { answer, codeOf, dump, liftFlowLimit, sessionCount, userWithApp } from '../support/attempts';
import { describeOnServers, embedded } from '../support/backends';
import { rememberedBrowser } from '../support/browsers';
import {
  HOUR,
  ONE_APPROVAL,
  REQUEST,
  approve,
  approvedRecovery,
  askCode,
  askForHelp,
  cancelToken,
  codesMailed,
  confirmApp,
  freshly,
  helpDesk,
  mailedRecoveryCode,
  mailsTo,
  newApp,
  readyRecovery,
  statusOf,
  useCode,
} from '../support/recovery';
import { GOT, World, type TestUser } from '../support/world';

const DAY = 24 * HOUR;

describe('the end of a recovery', () => {
  let world: World;
  let people: TestUser[];
  beforeAll(async () => {
    world = await World.open(embedded, { gateways: 2, environment: ONE_APPROVAL });
    people = await helpDesk(world, 1);
  });
  afterAll(() => world.close());

  it('REC-06 the code alone opens no session, whatever is tried with it', async () => {
    const { user, code } = await readyRecovery(world, people);
    const before = await sessionCount(world, user);
    const { flowToken, flow, tokens } = await useCode(world, user, code);
    expect([tokens, flow.status, flow.factors]).toEqual([null, 'ENROLLMENT_REQUIRED', []]);
    const tried = [
      await world.a.mutate('completeAuthFlow', { flowToken }, GOT),
      await world.a.mutate('startChallenge', { flowToken }, GOT),
      await world.a.mutate('verifyChallenge', { flowToken, proof: { code } }, GOT),
      await world.a.mutate('setPassword', { flowToken, newPassword: 'violet-harbour-nine-kettles' }, GOT),
      await world.a.mutate('requestRecovery', { flowToken }, REQUEST),
    ];
    expect(tried.map(codeOf)).toEqual(Array(5).fill('WRONG_STATUS'));
    expect(await sessionCount(world, user)).toBe(before);
  });

  it('REC-06 the new factor ends all that was there before, and signs in', async () => {
    const user = await userWithApp(world);
    const { tokens } = await user.signInWithTotp();
    const { request } = await askForHelp(world, user);
    await approve(world, people, request.id);
    await world.advance(DAY);
    await world.settle();
    const { deviceToken } = await remembered(user);
    const code = await mailedRecoveryCode(world, user);
    const { flowToken: other } = await user.signIn();
    const { flowToken } = await useCode(world, user, code);
    const enrollmentToken = await newApp(world, user, flowToken);
    const confirmed = await confirmApp(user, enrollmentToken, world.b);
    expect(confirmed).toMatchObject({ errors: [], flow: { status: 'VERIFIED' } });
    expect(confirmed.backupCodes).toHaveLength(10);

    const dead = { refreshToken: tokens.refreshToken };
    expect(codeOf(await world.b.mutate('refreshTokens', dead, 'tokens { accessToken }'))).toBe(
      'INVALID_TOKEN',
    );
    expect(codeOf(await answer(world.a, other as string, await user.code()))).toBe('INVALID_TOKEN');
    const done = await world.a.mutate('completeAuthFlow', { flowToken }, GOT);
    expect(done.tokens.session).toMatchObject({ assurance: 'AAL2', methods: ['pwd', 'otp', 'mfa'] });
    expect(await statusOf(world, request.id)).toBe('COMPLETED');

    await world.advance(60);
    const next = await user.signIn({ deviceToken });
    expect(next.flow).toMatchObject({
      status: 'CHALLENGE_PENDING',
      factors: [{ kind: 'TOTP' }, { kind: 'BACKUP_CODE' }],
    });
    expect(codeOf(await answer(world.a, next.flowToken, await user.code(0, 0)))).toBe('INVALID_CODE');
    const backup = next.flow.factors[1].id;
    await world.a.mutate('startChallenge', { flowToken: next.flowToken, factorId: backup }, GOT);
    expect(codeOf(await answer(world.a, next.flowToken, user.backupCodes[0] ?? ''))).toBe('INVALID_CODE');
    const [told] = (await mailsTo(world, user)).filter(({ subject }) => subject.includes('was recovered'));
    expect(told).toBeDefined();
    const removed = await world.database.rows(
      `SELECT 1 FROM audit_event WHERE user_id = $1 AND type IN ('FACTOR_REMOVED', 'RECOVERY_COMPLETED')`,
      [user.id],
    );
    expect(removed).toHaveLength(3);
  });

  /** A browser whose memory is older than the recovery: a sign-in by it would end the recovery. */
  async function remembered(user: TestUser): Promise<{ deviceToken: string }> {
    const found = await world.database.row<{ id: string }>(
      `UPDATE known_device SET remembered_until = gateway_now() + interval '9 days'
       WHERE user_id = $1 RETURNING id`,
      [user.id],
    );
    expect(found).toBeDefined();
    const { deviceToken } = await rememberedBrowser(await userWithApp(world));
    return { deviceToken };
  }

  it('REC-06 an enrollment that the old session has begun confirms nothing afterwards, also not by a phone', async () => {
    const user = await userWithApp(world);
    const authorization = `Bearer ${(await user.signInWithTotp()).tokens.accessToken as string}`;
    const { request } = await askForHelp(world, user);
    await approve(world, people, request.id);
    await world.database.affected(
      `UPDATE recovery_request SET approved_at = gateway_now(), ready_at = gateway_now() WHERE id = $1`,
      [request.id],
    );
    await world.settle();
    const started = await world.a.mutate(
      'startEnrollment',
      { kind: 'PUSH' },
      'enrollment { setup { ... on PushSetup { uri } } }',
      { authorization },
    );
    const { flowToken } = await useCode(world, user, await mailedRecoveryCode(world, user));
    const token = await newApp(world, user, flowToken);
    expect((await confirmApp(user, token, world.a)).errors).toEqual([]);
    await expect(user.pairBy(started.enrollment.setup.uri as string)).rejects.toThrow();
  });

  it('REC-05 the code has 140 bits, is kept as a hash, works once and for its owner', async () => {
    const [first, second] = [await approvedRecovery(world, people), await approvedRecovery(world, people)];
    await world.advance(DAY);
    await world.settle();
    const withCode = async ({ user }: { user: TestUser }) => ({
      user,
      code: await mailedRecoveryCode(world, user),
    });
    const [one, two] = [await withCode(first), await withCode(second)];
    expect(one.code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
    await world.database.affected('DELETE FROM dev_inbox');
    const everything = await dump(world);
    for (const form of [one.code, one.code.replaceAll('-', '')]) {
      expect(everything.includes(form)).toBe(false);
      expect(world.logged.join('')).not.toContain(form);
    }
    const stolen = await useCode(world, two.user, one.code);
    expect(stolen.errors).toMatchObject([{ code: 'INVALID_CODE', attemptsRemaining: 4 }]);
    const typed = one.code.toLowerCase().replaceAll('-', ' ');
    expect((await useCode(world, one.user, typed)).flow.status).toBe('ENROLLMENT_REQUIRED');
    expect(codeOf(await useCode(world, one.user, one.code))).toBe('INVALID_CODE');
  });

  it('REC-05 where the sign-in with the code came to nothing, asking again mails another, within the same time', async () => {
    const { user, code, requestId } = await readyRecovery(world, people);
    const { flowToken } = await useCode(world, user, code);
    const { request } = await askForHelp(world, user);
    expect([request.id, await codesMailed(world, user)]).toEqual([requestId, 1]);
    await world.a.mutate('cancelAuthFlow', { flowToken }, GOT);
    const again = await askForHelp(world, user);
    expect(again.request).toEqual(request);
    const next = await mailedRecoveryCode(world, user);
    expect([next === code, await codesMailed(world, user)]).toEqual([false, 2]);
    expect(codeOf(await useCode(world, user, code))).toBe('INVALID_CODE');
    expect((await useCode(world, user, next)).flow.status).toBe('ENROLLMENT_REQUIRED');
  });

  it('RL-02 works where wrong answers have disabled all other factors, and enables them', async () => {
    const { user, code } = await readyRecovery(world, people);
    await world.database.affected(
      `INSERT INTO limit_counter (key, count, since, retry_at) VALUES ('guess:' || $1, 100, gateway_now(), gateway_now() + interval '1 hour')
       ON CONFLICT (key) DO UPDATE SET count = 100, retry_at = EXCLUDED.retry_at`,
      [user.id],
    );
    const { flow } = await askCode(world, user);
    expect(flow.factors).toMatchObject([{ kind: 'TEMPORARY_CODE' }]);
    const { flowToken } = await useCode(world, user, code);
    await confirmApp(user, await newApp(world, user, flowToken), world.a);
    await world.a.mutate('completeAuthFlow', { flowToken }, GOT);
    await world.advance(60);
    const { flowToken: next } = await user.signIn();
    expect((await answer(world.a, next, await user.code(0, 1))).tokens).not.toBeNull();
  });

  it('the code is for a sign-in: no reset, no step-up, no list of the account shows it', async () => {
    const user = await userWithApp(world);
    const authorization = `Bearer ${(await user.signInWithTotp()).tokens.accessToken as string}`;
    const { request } = await askForHelp(world, user);
    await world.database.affected(
      `UPDATE recovery_request SET status = 'APPROVED', approved_at = gateway_now(), ready_at = gateway_now() WHERE id = $1`,
      [request.id],
    );
    await world.settle();
    const code = await mailedRecoveryCode(world, user);
    const { flow } = await askCode(world, user);
    expect(flow.challenge).toMatchObject({ kind: 'TEMPORARY_CODE', codeLength: 28, sentTo: null });
    const stepUp = await world.a.mutate('startStepUp', { autoStart: false }, GOT, { authorization });
    expect(stepUp.flow.factors.map(({ kind }: { kind: string }) => kind)).toEqual(['TOTP', 'BACKUP_CODE']);
    const factorId = flow.challenge.factor.id as string;
    const started = await world.a.mutate('startChallenge', { flowToken: stepUp.flowToken, factorId }, GOT);
    expect(codeOf(started)).toBe('NOT_FOUND');
    const { data } = await world.a.ask('{ viewer { factors { kind } } }', {}, { authorization });
    expect(data.viewer.factors).toHaveLength(2);
    const refused = await world.a.mutate('startEnrollment', { kind: 'TEMPORARY_CODE' }, 'enrollmentToken', {
      authorization,
    });
    expect(codeOf(refused)).toBe('FACTOR_NOT_AVAILABLE');
    expect(code).toBeTruthy();
  });

  it('ENR-09 a dormant account comes back by a recovery, and by its password alone it does not', async () => {
    const user = await world.user();
    await world.advance(91 * DAY);
    const { flow, flowToken } = await user.signIn();
    expect(flow).toMatchObject({ status: 'CHALLENGE_REQUIRED', factors: [], enrollableKinds: [] });
    const refused = await world.a.mutate('startEnrollment', { kind: 'TOTP', flowToken }, 'enrollmentToken');
    expect(codeOf(refused)).toBe('WRONG_STATUS');
    const { request } = await askForHelp(world, user);
    await approve(world, people, request.id);
    await world.advance(DAY);
    await world.settle();
    const got = await useCode(world, user, await mailedRecoveryCode(world, user));
    expect(got.flow.status).toBe('ENROLLMENT_REQUIRED');
    expect((await user.enrollTotpInFlow(got.flowToken)).tokens.session.assurance).toBe('AAL2');
    expect(await statusOf(world, request.id)).toBe('COMPLETED');
  });

  it('ENR-11 after a reset by the help desk only a recovery opens enrollment, and then the account is as any other', async () => {
    const user = await userWithApp(world);
    const evidence = { identityCheck: 'IN_PERSON', evidenceReference: 'case 1', note: 'phone stolen' };
    const reset = { userId: user.id, ...evidence };
    const desk = await freshly(people[0] as TestUser);
    expect((await world.a.mutate('resetFactors', reset, 'user { id }', desk)).errors).toEqual([]);
    const { flow } = await user.signIn();
    expect(flow).toMatchObject({ status: 'CHALLENGE_REQUIRED', factors: [], enrollableKinds: [] });
    const { request } = await askForHelp(world, user);
    await approve(world, people, request.id);
    await world.advance(DAY);
    await world.settle();
    const { flowToken } = await useCode(world, user, await mailedRecoveryCode(world, user));
    expect((await user.enrollTotpInFlow(flowToken)).tokens.session.assurance).toBe('AAL2');
    await world.advance(60);
    expect((await user.signIn()).flow).toMatchObject({
      status: 'CHALLENGE_PENDING',
      challenge: { kind: 'TOTP' },
    });
  });

  it('a code that the help desk tells is typed, leads to enrollment, and ends with its time', async () => {
    const [user, other] = [await world.user(), await world.user()];
    await world.advance(91 * DAY);
    const evidence = { identityCheck: 'IN_PERSON', evidenceReference: 'case 2', note: 'first day back' };
    const issue = async (userId: string): Promise<string> => {
      const input = { userId, ...evidence };
      const desk = await freshly(people[0] as TestUser);
      return (await world.a.mutate('issueTemporaryCode', input, 'code', desk)).code as string;
    };
    const [code, unused] = [await issue(user.id), await issue(other.id)];
    expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}$/);
    const { flowToken, flow } = await useCode(world, user, code);
    expect(flow.status).toBe('ENROLLMENT_REQUIRED');
    expect((await user.enrollTotpInFlow(flowToken)).tokens.session.assurance).toBe('AAL2');
    const { flowToken: late } = await askCode(world, other);
    await world.database.affected(
      `UPDATE factor SET revoked_at = gateway_now() + interval '1 second' WHERE user_id = $1`,
      [other.id],
    );
    await world.advance(2);
    expect(codeOf(await answer(world.a, late, unused))).toBe('CHALLENGE_CLOSED');
  });

  it('REC-04 the code without the password is of no use', async () => {
    const { user, code } = await readyRecovery(world, people);
    await liftFlowLimit(world);
    const { flow, errors } = await user.signIn({ password: code });
    expect([flow, errors[0].code]).toEqual([null, 'INVALID_CREDENTIALS']);
  });
});

describeOnServers('the end of a recovery, raced over two gateways', (servers) => {
  let world: World;
  beforeAll(async () => (world = await World.open(servers, { gateways: 2, environment: ONE_APPROVAL })));
  afterAll(() => world.close());

  const isAppGood = async (user: TestUser, app: number) => {
    await world.advance(60);
    await liftFlowLimit(world);
    const { flowToken } = await user.signIn();
    return (await answer(world.a, flowToken as string, await user.code(0, app))).tokens !== null;
  };

  it('REC-03 stopped and completed at one instant: exactly one of the two', async () => {
    const people = await helpDesk(world, 1);
    const outcomes: boolean[] = [];
    for (let round = 0; round < 3; round += 1) {
      const { user, requestId, code } = await readyRecovery(world, people);
      const { flowToken } = await useCode(world, user, code);
      const enrollmentToken = await newApp(world, user, flowToken);
      const token = await cancelToken(world, user);
      const [confirmed, canceled] = await Promise.all([
        confirmApp(user, enrollmentToken, world.a),
        world.b.mutate('cancelRecovery', { cancelToken: token }, REQUEST),
      ]);
      const isCompleted = codeOf(confirmed) === undefined;
      outcomes.push(isCompleted);
      expect(canceled.request.status).toBe(isCompleted ? 'COMPLETED' : 'CANCELED');
      expect(await statusOf(world, requestId)).toBe(isCompleted ? 'COMPLETED' : 'CANCELED');
      expect(await isAppGood(user, isCompleted ? 1 : 0)).toBe(true);
    }
    expect(outcomes).toHaveLength(3);
  });

  it('REC-03 a full sign-in of the owner and the completion at one instant: exactly one of the two', async () => {
    const people = await helpDesk(world, 1);
    for (let round = 0; round < 2; round += 1) {
      const { user, requestId, code } = await readyRecovery(world, people);
      const { flowToken } = await useCode(world, user, code);
      const enrollmentToken = await newApp(world, user, flowToken);
      await liftFlowLimit(world);
      const { flowToken: own } = await user.signIn();
      const [confirmed, signedIn] = await Promise.all([
        confirmApp(user, enrollmentToken, world.a),
        answer(world.b, own as string, await user.code(0, 0)),
      ]);
      const isCompleted = codeOf(confirmed) === undefined;
      const status = await statusOf(world, requestId);
      expect([signedIn.tokens !== null, status]).toEqual(
        isCompleted ? [signedIn.tokens !== null, 'COMPLETED'] : [true, 'CANCELED'],
      );
      if (isCompleted && signedIn.tokens) {
        const ask = { authorization: `Bearer ${signedIn.tokens.accessToken as string}` };
        expect((await world.a.ask('{ viewer { id } }', {}, ask)).errors).toBeDefined();
      }
    }
  });

  it('REC-05 one code at one instant in eight flows is good in one', async () => {
    const { user, code } = await readyRecovery(world, await helpDesk(world, 1));
    const tokens: string[] = [];
    for (let begun = 0; begun < 8; begun += 1) tokens.push((await askCode(world, user)).flowToken);
    const done = await Promise.all(
      tokens.map((token, index) => answer(index % 2 ? world.a : world.b, token, code)),
    );
    expect(done.filter(({ flow }) => flow.status === 'ENROLLMENT_REQUIRED')).toHaveLength(1);
  });

  it('one sweep of two at the same time mails the code', async () => {
    const people = await helpDesk(world, 1);
    const user = await userWithApp(world);
    const { request } = await askForHelp(world, user);
    await approve(world, people, request.id);
    await world.advance(DAY);
    await Promise.all([world.a.app.sweep(), world.b.app.sweep(), world.a.app.sweep()]);
    expect(await codesMailed(world, user)).toBe(1);
  });
});
