/**
 * The attack: reading codes and numbers anywhere but on the phone: in a reply, an error, a log line, a message on Redis,
 * a dump of the database; or having a number taken for proven that was not.
 * The guarantee: a code is on the phone and nowhere else; of a number its last two digits are shown, after the first
 * factor; and a number is a factor only after its own code came back.
 */
import { Redis } from 'ioredis';
import { answer, codeOf, dump, mailedCode, sessionCount } from '../support/attempts';
import { describeOnEachBackend, describeOnServers } from '../support/backends';
import {
  CODE_SETUP,
  SENDING,
  arrived,
  askCode,
  enrollByCode,
  freshNumber,
  liftSendLimits,
  otherCode,
  startByCode,
  userWithNumber,
} from '../support/sent-codes';
import { GOT, World, type TestUser } from '../support/world';

/** Six digits alone: not inside a longer number, an id or a hash. */
const standsAlone = (text: string, code: string): boolean =>
  new RegExp(`(?<![0-9A-Za-z_.:+-])${code}(?![0-9A-Za-z_.:-])`).test(text);

describeOnServers('where codes and numbers are seen', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2, environment: SENDING })));
  afterAll(() => world.close());

  test('SMS-07 SMS-02 in no reply, log line, Redis message or row, by SMS and by e-mail', async () => {
    const replies: string[] = [];
    for (const gateway of [world.a, world.b]) {
      const ask = gateway.ask.bind(gateway);
      gateway.ask = async (...asked) => {
        const reply = await ask(...asked);
        replies.push(reply.body, JSON.stringify([...reply.headers]));
        return reply;
      };
    }
    const redis = new Redis(world.redisUrl ?? '');
    const monitor = await redis.monitor();
    const heard: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => heard.push(args.join(' ')));

    const phoneNumber = freshNumber();
    const email = 'canary-of-mail@example.org';
    const user = await world.user();
    const codes: string[] = [];
    const factors = [await enrollByCode(world, user, { phoneNumber })];
    codes.push(await mailedCode(world, phoneNumber));
    const opened = await askCode(world, user, factors[0] ?? '');
    const watched = world.b.follow(opened.flowToken);
    await watched.until((flow) => flow.status === 'CHALLENGE_PENDING');
    codes.push(await mailedCode(world, phoneNumber));
    await answer(world.a, opened.flowToken, otherCode(codes[1] ?? ''));
    const done = await answer(world.b, opened.flowToken, codes[1] ?? '');
    watched.stop();
    const authorization = `Bearer ${done.tokens.accessToken as string}`;
    await world.advance(60);
    factors.push(await enrollByCode(world, user, { email }, authorization));
    codes.push(await mailedCode(world, email));
    const mailed = await askCode(world, user, factors[1] ?? '');
    codes.push(await mailedCode(world, email));
    await answer(world.a, mailed.flowToken, codes[3] ?? '');
    const pending = await askCode(world, user, factors[0] ?? '');
    codes.push(await mailedCode(world, phoneNumber));
    await answer(world.a, pending.flowToken, 'not a code');
    await redis.publish('test-is-over', '');
    while (!heard.some((line) => line.includes('test-is-over')))
      await new Promise((resolve) => setImmediate(resolve));
    redis.disconnect();
    monitor.disconnect();

    expect(new Set(codes).size).toBe(5);
    // The inbox of development shows what the phone got: it is the phone here, and is not there in production.
    await world.database.rows('DELETE FROM dev_inbox');
    const seen = {
      replies: replies.join('\n'),
      logs: world.logged.join(''),
      redis: heard.join('\n'),
      rows: await dump(world),
    };
    for (const [where, text] of Object.entries(seen)) {
      expect(text.length).toBeGreaterThan(500);
      expect([where, codes.filter((code) => standsAlone(text, code))]).toEqual([where, []]);
      for (const clear of [
        phoneNumber,
        phoneNumber.slice(1),
        phoneNumber.slice(2),
        email,
        'canary-of-mail',
      ]) {
        expect([where, clear, text.includes(clear)]).toEqual([where, clear, false]);
      }
    }
    expect(seen.replies).toContain(`•••• •• ${phoneNumber.slice(-2)}`);
    expect(seen.replies).toContain('c••@example.org');
    expect(seen.redis).toMatch(/publish flow:flw_/i);
  });
});

describeOnEachBackend('numbers', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { environment: SENDING })));
  afterAll(() => world.close());
  beforeEach(() => liftSendLimits(world));

  test('SMS-07 nothing of a number is shown before the first factor', async () => {
    const { user, phoneNumber } = await userWithNumber(world);
    const wrong = await world.a.mutate('signIn', { email: user.email, password: 'wrong wrong wrong' }, GOT);
    expect(JSON.stringify(wrong)).not.toMatch(/••••|SMS/);
    const right = await user.signIn({ autoStart: false });
    expect(right.flow.factors[0]).toMatchObject({ kind: 'SMS', hint: `•••• ${phoneNumber.slice(-2)}` });
  });

  test('SMS-05 a number is no factor before its own code came back, and no field says that it is', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    for (const field of ['verified: true', 'isVerified: true', 'code: "123456"']) {
      const reply = await world.a.ask(
        `mutation { startEnrollment(input: { kind: SMS, phoneNumber: "+12025550001", ${field} }) { enrollmentToken } }`,
        {},
        { authorization },
      );
      expect(reply.errors?.[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    }
    const [mine, other] = [freshNumber(), freshNumber()];
    const started = await startByCode(world, authorization, { kind: 'SMS', phoneNumber: mine });
    expect(started.enrollment.setup).toEqual({
      __typename: 'CodeSetup',
      sentTo: `•••• •• ${mine.slice(-2)}`,
      codeLength: 6,
      resendableAt: new Date(world.clock.now().getTime() + 60_000).toISOString(),
    });
    expect((await user.signIn()).flow.status).toBe('COMPLETED');
    const soon = await startByCode(world, authorization, { kind: 'SMS', phoneNumber: other });
    expect(soon).toMatchObject({ enrollment: null, errors: [{ code: 'TOO_SOON' }] });
    await world.advance(60);
    // Another number replaces the first, and the first one's code proves neither.
    const again = await startByCode(world, authorization, { kind: 'SMS', phoneNumber: other });
    const first = await mailedCode(world, mine);
    for (const { enrollmentToken } of [started, again]) {
      const input = { enrollmentToken, proof: { code: first } };
      const refused = await world.a.mutate('confirmEnrollment', input, CODE_SETUP, { authorization });
      expect(['INVALID_TOKEN', 'INVALID_CODE']).toContain(codeOf(refused));
    }
    expect(await world.database.rows('SELECT 1 FROM sms_number WHERE user_id = $1', [user.id])).toEqual([]);
    const proof = { code: await mailedCode(world, other) };
    const input = { enrollmentToken: again.enrollmentToken, proof };
    const confirmed = await world.a.mutate('confirmEnrollment', input, CODE_SETUP, { authorization });
    expect(confirmed.enrollment).toMatchObject({
      status: 'CONFIRMED',
      setup: null,
      factor: { kind: 'SMS', hint: `•••• ${other.slice(-2)}`, label: 'Phone number' },
    });
  });

  test('SMS-05 a further number needs a fresh step-up', async () => {
    const { user } = await userWithNumber(world);
    const begun = await user.signIn();
    expect(begun.tokens).toBeNull();
    const before = await world.user();
    const authorization = await before.firstSignIn();
    await enrollByCode(world, before, { phoneNumber: freshNumber() }, authorization);
    const refused = await startByCode(world, authorization, { kind: 'SMS', phoneNumber: freshNumber() });
    expect(refused).toMatchObject({ enrollment: null, errors: [{ code: 'STEP_UP_REQUIRED' }] });
  });

  test('SMS-06 one number is one factor of a user, however it is written, and may be another user’s too', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const got = await askCode(world, user, factorId);
    const done = await answer(world.a, got.flowToken, await mailedCode(world, phoneNumber));
    const authorization = `Bearer ${done.tokens.accessToken as string}`;
    const before = (await arrived(world, phoneNumber)).length;
    const national = phoneNumber.slice(2);
    for (const [written, defaultCountry] of [
      [phoneNumber, 'GB'],
      [`001 ${national}`, 'CH'],
      [`(${national.slice(0, 3)}) ${national.slice(3, 6)}-${national.slice(6)}`, 'US'],
      [`+1 (${national.slice(0, 3)}) ${national.slice(3)}`, 'US'],
    ] as const) {
      const input = { kind: 'SMS', phoneNumber: written, defaultCountry };
      expect([written, codeOf(await startByCode(world, authorization, input))]).toEqual([
        written,
        'FACTOR_ALREADY_ENROLLED',
      ]);
    }
    expect(await arrived(world, phoneNumber)).toHaveLength(before);
    const other: TestUser = await world.user();
    await enrollByCode(world, other, { phoneNumber });
  });

  test('ENR-15 a removed number leaves nothing but the factor’s row, and may be added anew', async () => {
    const { user, factorId, phoneNumber } = await userWithNumber(world);
    const second = freshNumber();
    const got = await askCode(world, user, factorId);
    const done = await answer(world.a, got.flowToken, await mailedCode(world, phoneNumber));
    const authorization = `Bearer ${done.tokens.accessToken as string}`;
    await enrollByCode(world, user, { phoneNumber: second }, authorization);
    const open = await askCode(world, user, factorId);
    const code = await mailedCode(world, phoneNumber);
    const removed = await world.a.mutate('removeFactor', { factorId }, 'factor { id }', { authorization });
    expect(removed.errors).toEqual([]);
    const numbers = 'SELECT factor_id FROM sms_number WHERE user_id = $1';
    expect(await world.database.rows(numbers, [user.id])).toHaveLength(1);
    expect(await world.database.rows('SELECT 1 FROM factor WHERE id = $1', [factorId])).toHaveLength(1);
    expect((await answer(world.a, open.flowToken, code)).tokens).toBeNull();
    expect(codeOf(await askCode(world, user, factorId))).toBe('NOT_FOUND');
    await enrollByCode(world, user, { phoneNumber }, authorization);
    expect(await world.database.rows(numbers, [user.id])).toHaveLength(2);
  });

  test('CRY-01 a number in the place of another’s opens nothing, and nothing is sent to it', async () => {
    const [ada, eve] = [await userWithNumber(world), await userWithNumber(world)];
    await world.database.affected(
      `UPDATE sms_number SET sealed_number = (SELECT sealed_number FROM sms_number WHERE factor_id = $1)
       WHERE factor_id = $2`,
      [eve.factorId, ada.factorId],
    );
    const before = (await world.inbox()).length;
    const refused = await askCode(world, ada.user, ada.factorId);
    expect(codeOf(refused)).toBe('FACTOR_NOT_AVAILABLE');
    expect(await world.inbox()).toHaveLength(before);
    expect(world.logged.join('')).toContain('a sealed number does not open');
    expect(await sessionCount(world, ada.user)).toBe(1);
  });
});
