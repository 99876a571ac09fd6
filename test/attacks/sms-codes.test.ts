/**
 * The attack: guessing a code sent by SMS, using one twice, late, in another flow or after a newer one was sent, or
 * asking for new codes to begin the count of guesses anew.
 * The guarantee: a code works once, for the flow it was sent for, for five minutes, until a newer one is sent; five
 * wrong answers end the flow, and no new code gives any of them back.
 */
import { loadConfig } from '../../src/config';
import { settingsSlices } from '../../src/features';
import { answer, codeOf, guesses, liftFlowLimit, mailedCode, sessionCount } from '../support/attempts';
import { describeOnEachBackend, describeOnServers } from '../support/backends';
import { SENDING, arrived, askCode, liftSendLimits, otherCode, userWithNumber } from '../support/sent-codes';
import { GOT, World } from '../support/world';

const CODE_SECONDS = 300;

describeOnEachBackend('codes sent by SMS', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { environment: SENDING })));
  afterAll(() => world.close());
  beforeEach(() => liftSendLimits(world));

  test('SMS-01 a code is right until five minutes have passed, and not a second longer', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const got = await askCode(world, user, factorId);
    await world.advance(CODE_SECONDS - 1);
    const code = await mailedCode(world, phoneNumber);
    expect((await answer(world.a, got.flowToken, code)).flow.status).toBe('COMPLETED');

    const late = await askCode(world, user, factorId);
    const lateCode = await mailedCode(world, phoneNumber);
    await world.advance(CODE_SECONDS + 1);
    const refused = await answer(world.a, late.flowToken, lateCode);
    expect([refused.tokens, codeOf(refused)]).toEqual([null, 'CHALLENGE_CLOSED']);
    expect(refused.flow).toMatchObject({ status: 'CHALLENGE_REQUIRED', reason: 'CHALLENGE_TIMED_OUT' });
  });

  test('SMS-01 a life of more than ten minutes is refused at start-up', () => {
    for (const [name, value] of [
      ['SMS_CODE_SECONDS', '660'],
      ['SMS_CODE_SECONDS', '601'],
      ['EMAIL_CODE_SECONDS', '601'],
      ['SMS_COUNTRIES', 'UK'],
      ['SMS_COUNTRIES', 'Switzerland'],
    ] as const) {
      expect(() => loadConfig(settingsSlices, { [name]: value })).toThrow(name);
    }
    loadConfig(settingsSlices, { SMS_CODE_SECONDS: '600', EMAIL_CODE_SECONDS: '600' });
  });

  test('SMS-02 a code is refused in another flow, and works in its own', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const first = await askCode(world, user, factorId);
    const code = await mailedCode(world, phoneNumber);
    const second = await askCode(world, user, factorId);
    expect(await mailedCode(world, phoneNumber)).not.toBe(code);
    expect(codeOf(await answer(world.a, second.flowToken, code))).toBe('INVALID_CODE');
    expect((await answer(world.a, first.flowToken, code)).flow.status).toBe('COMPLETED');
    expect(codeOf(await answer(world.a, second.flowToken, code))).toBe('INVALID_CODE');
  });

  test('SMS-02 a newer code ends the older one, and may be had after a minute', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const got = await askCode(world, user, factorId);
    const older = await mailedCode(world, phoneNumber);
    const early = await world.a.mutate('startChallenge', { flowToken: got.flowToken, factorId }, GOT);
    expect(early).toMatchObject({ errors: [{ code: 'TOO_SOON', retryAt: got.flow.challenge.resendableAt }] });
    await world.advance(60);
    const again = await world.a.mutate('startChallenge', { flowToken: got.flowToken, factorId }, GOT);
    expect(again.errors).toEqual([]);
    const newer = await mailedCode(world, phoneNumber);
    expect(codeOf(await answer(world.a, got.flowToken, older))).toBe('INVALID_CODE');
    expect((await answer(world.a, got.flowToken, newer)).flow.status).toBe('COMPLETED');
  });

  test('SMS-02 the code that proved the number does not sign in', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const used = await mailedCode(world, phoneNumber);
    const got = await askCode(world, user, factorId);
    expect(codeOf(await answer(world.a, got.flowToken, used))).toBe('INVALID_CODE');
  });

  test('SMS-03 a new code gives no wrong answer back: five end the flow, and the delay begins and grows', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const got = await askCode(world, user, factorId);
    const wrong = async (flowToken: string) =>
      answer(world.a, flowToken, otherCode(await mailedCode(world, phoneNumber)));
    for (const attemptsRemaining of [4, 3, 2])
      expect((await wrong(got.flowToken)).errors).toMatchObject([
        { code: 'INVALID_CODE', attemptsRemaining },
      ]);
    await world.advance(60);
    const again = await world.a.mutate('startChallenge', { flowToken: got.flowToken, factorId }, GOT);
    expect(again.flow.challenge.attemptsRemaining).toBe(2);
    expect((await wrong(got.flowToken)).errors).toMatchObject([{ attemptsRemaining: 1 }]);
    expect(codeOf(await wrong(got.flowToken))).toBe('TOO_MANY_ATTEMPTS');
    const right = await mailedCode(world, phoneNumber);
    expect(codeOf(await answer(world.a, got.flowToken, right))).not.toBeUndefined();
    expect((await guesses(world, user)).count).toBe(5);

    const next = await askCode(world, user, factorId);
    const code = await mailedCode(world, phoneNumber);
    expect(codeOf(await answer(world.a, next.flowToken, code))).toBe('RATE_LIMITED');
    await world.advance(30);
    expect(codeOf(await wrong(next.flowToken))).toBe('INVALID_CODE');
    const { retryAt } = await guesses(world, user);
    expect(retryAt?.getTime()).toBe(world.clock.now().getTime() + 60_000);
    expect(await sessionCount(world, user)).toBe(1);
  });

  test('SMS-03 an enrollment allows five answers as well, and then its code is dead', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const started = await world.a.mutate(
      'startEnrollment',
      { kind: 'SMS', phoneNumber: '+12025559999' },
      'enrollmentToken',
      { authorization },
    );
    const code = await mailedCode(world, '+12025559999');
    const confirm = (typed: string) =>
      world.a.mutate(
        'confirmEnrollment',
        { enrollmentToken: started.enrollmentToken, proof: { code: typed } },
        'enrollment { status }',
        { authorization },
      );
    const said: unknown[] = [];
    for (let tries = 0; tries < 5; tries += 1) said.push(codeOf(await confirm(otherCode(code))));
    expect(said).toEqual([...Array<string>(4).fill('INVALID_CODE'), 'TOO_MANY_ATTEMPTS']);
    expect(codeOf(await confirm(code))).toBe('INVALID_TOKEN');
    expect(await world.database.rows('SELECT 1 FROM sms_number WHERE user_id = $1', [user.id])).toEqual([]);
  });

  test('a malformed answer costs nothing, and blanks and hyphens are no matter', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const got = await askCode(world, user, factorId);
    const code = await mailedCode(world, phoneNumber);
    for (const typed of ['', '12345', '12345678', 'abcdef', '１２３４５６']) {
      expect([typed, codeOf(await answer(world.a, got.flowToken, typed))]).toEqual([typed, 'INVALID_INPUT']);
    }
    expect((await guesses(world, user)).count).toBe(0);
    const done = await answer(world.a, got.flowToken, ` ${code.slice(0, 3)}-${code.slice(3)} `);
    expect(done.flow.status).toBe('COMPLETED');
  });
});

describeOnServers('codes sent by SMS, answered at the same instant', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2, environment: SENDING })));
  afterAll(() => world.close());

  test('SMS-02 of 20 answers with one code over two processes, one opens a session', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    await liftFlowLimit(world);
    const before = await sessionCount(world, user);
    const got = await askCode(world, user, factorId);
    const code = await mailedCode(world, phoneNumber);
    const replies = await Promise.all(
      Array.from({ length: 20 }, (_, index) => answer(index % 2 ? world.a : world.b, got.flowToken, code)),
    );
    expect(await sessionCount(world, user)).toBe(before + 1);
    // A reply that was lost may be asked for again: whoever gets tokens gets those of the one session.
    const sessions = replies.flatMap((reply) => reply.tokens?.session.id ?? []);
    expect(new Set(sessions).size).toBe(1);
    const accepted = await world.database.rows(
      `SELECT 1 FROM audit_event WHERE user_id = $1 AND type = 'CHALLENGE_ANSWERED' AND outcome = 'SUCCESS'`,
      [user.id],
    );
    expect(accepted).toHaveLength(1);
    expect(
      await world.database.rows('SELECT sum(used)::int AS used FROM sms_traffic WHERE country = $1', ['US']),
    ).toEqual([{ used: 2 }]);
  });

  test('SMS-02 of 20 flows that give one code at once, only its own gets in', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const flows: string[] = [];
    for (let begun = 0; begun < 20; begun += 1) {
      await liftFlowLimit(world);
      await liftSendLimits(world);
      flows.push((await askCode(world, user, factorId)).flowToken);
    }
    const code = await mailedCode(world, phoneNumber);
    const before = await sessionCount(world, user);
    const replies = await Promise.all(
      flows.map((token, index) => answer(index % 2 ? world.a : world.b, token, code)),
    );
    expect(replies.filter((reply) => reply.tokens !== null).length).toBeLessThanOrEqual(1);
    expect(await sessionCount(world, user)).toBeLessThanOrEqual(before + 1);
    expect((await arrived(world, phoneNumber)).length).toBeGreaterThan(20);
  });
});
