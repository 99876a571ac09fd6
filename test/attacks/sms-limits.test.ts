/**
 * The attack: having codes sent to numbers that pay the attacker for each (toll fraud, "SMS pumping"), to a victim's
 * phone, or until the operator's budget is gone.
 * The guarantee: sends are limited per flow, user, number, address of the network, block of numbers, country and day,
 * each by itself and before the provider is called; a country whose codes are not used is stopped.
 */
import { answer, codeOf, liftFlowLimit, mailedCode } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import {
  SENDING,
  arrived,
  askCode,
  kindsOf,
  liftSendLimits,
  startByCode,
  userWithNumber,
} from '../support/sent-codes';
import { GOT, World, type TestUser } from '../support/world';

type Sender = Awaited<ReturnType<typeof userWithNumber>>;

describeOnEachBackend('sending SMS', (backend) => {
  let world: World;
  afterEach(() => world.close());
  const open = async (environment: Record<string, string> = {}): Promise<Sender> => {
    world = await World.open(backend, { environment: { ...SENDING, ...environment } });
    return userWithNumber(world);
  };

  /** All limits but one are lifted. */
  const liftAllBut = async (limit: string): Promise<void> => {
    await liftFlowLimit(world);
    await world.database.affected(
      `DELETE FROM limit_counter WHERE key LIKE 'sms-%' AND key NOT LIKE $1 || ':%'`,
      [limit],
    );
  };

  /** Codes that reached the number; notices are none. */
  const codesAt = async (number: string): Promise<number> =>
    (await arrived(world, number)).filter(({ text }) => /#\d{6}$/.test(text)).length;

  /** Has codes sent in one flow after another until it is refused; how it was refused. */
  async function exhaust({ user, factorId }: Sender, limit: string, tries = 30) {
    for (let sent = 0; sent < tries; sent += 1) {
      await liftAllBut(limit);
      const got = await askCode(world, user, factorId);
      if (got.errors.length > 0) return got;
    }
    throw new Error(`not refused after ${String(tries)}`);
  }

  test.each([
    ['user and hour', 'sms-user-hour', 5],
    ['user and day', 'sms-user-day', 10],
    ['number and hour', 'sms-number-hour', 5],
    ['number and day', 'sms-number-day', 10],
    ['address of the network and hour', 'sms-address', 10],
  ])('SMS-04 per %s', async (_name, limit, count) => {
    const sender = await open();
    const refused = await exhaust(sender, limit);
    expect(refused.errors).toMatchObject([{ code: 'RATE_LIMITED', retryAt: expect.any(String) as string }]);
    // Choosing another factor is still possible: it is the flow of before.
    expect(refused.flow.status).toBe('CHALLENGE_REQUIRED');
    expect(await codesAt(sender.phoneNumber)).toBe(count);
    const hours = limit.endsWith('day') ? 24 : 1;
    await world.advance(hours * 3600 + 1);
    expect((await askCode(world, sender.user, sender.factorId)).errors).toEqual([]);
  });

  test('SMS-04 per block of numbers and hour, whoever asks', async () => {
    // Codes that nobody uses would stop the country before the block.
    const sender = await open();
    await world.database.affected(
      `INSERT INTO sms_traffic SELECT 'US', day, 0, 1000 FROM sms_traffic WHERE country = 'US' ON CONFLICT (country, day) DO UPDATE SET used = 1000`,
    );
    const refused = await exhaust(sender, 'sms-prefix');
    expect(codeOf(refused)).toBe('RATE_LIMITED');
    expect(await codesAt(sender.phoneNumber)).toBe(20);
    await liftAllBut('sms-prefix');
    const other = await world.user();
    const authorization = await other.firstSignIn();
    const elsewhere = await startByCode(world, authorization, { kind: 'SMS', phoneNumber: '+12025569876' });
    expect(codeOf(elsewhere)).toBeUndefined();
    const near = await startByCode(world, await (await world.user()).firstSignIn(), {
      kind: 'SMS',
      phoneNumber: `${sender.phoneNumber.slice(0, -4)}9877`,
    });
    expect(codeOf(near)).toBe('RATE_LIMITED');
    expect(await arrived(world, `${sender.phoneNumber.slice(0, -4)}9877`)).toEqual([]);
  });

  test('SMS-04 per flow', async () => {
    const { user, factorId, phoneNumber } = await open();
    const before = await codesAt(phoneNumber);
    const got = await askCode(world, user, factorId);
    const resend = async () => {
      // What waits together may arrive in any order.
      await mailedCode(world, phoneNumber);
      await world.advance(60);
      await liftAllBut('sms-flow');
      return world.a.mutate('startChallenge', { flowToken: got.flowToken, factorId }, GOT);
    };
    expect(codeOf(await resend())).toBeUndefined();
    expect(codeOf(await resend())).toBeUndefined();
    expect(codeOf(await resend())).toBe('RATE_LIMITED');
    expect(await codesAt(phoneNumber)).toBe(before + 3);
    const code = await mailedCode(world, phoneNumber);
    expect((await answer(world.a, got.flowToken, code)).flow.status).toBe('COMPLETED');
  });

  test('SMS-04 per country and day, with one warning at four fifths', async () => {
    const sender = await open({ SMS_COUNTRY_DAILY_BUDGET: '5' });
    const refused = await exhaust(sender, 'none');
    expect(codeOf(refused)).toBe('DELIVERY_FAILED');
    expect(await codesAt(sender.phoneNumber)).toBe(5);
    expect(warnings()).toEqual(['US']);
    // Another country has its own.
    const swiss = await startByCode(world, await (await world.user()).firstSignIn(), {
      kind: 'SMS',
      phoneNumber: '+41 79 123 45 67',
    });
    expect(codeOf(swiss)).toBeUndefined();
    await world.advance(86_400);
    expect((await askCode(world, sender.user, sender.factorId)).errors).toEqual([]);
  });

  test('SMS-04 for all countries together and day, with one warning at four fifths', async () => {
    const sender = await open({ SMS_DAILY_BUDGET: '5' });
    const refused = await exhaust(sender, 'none');
    expect(codeOf(refused)).toBe('DELIVERY_FAILED');
    expect(await codesAt(sender.phoneNumber)).toBe(5);
    expect(warnings()).toEqual(['*']);
    const user = await world.user();
    const swiss = await startByCode(world, await user.firstSignIn(), {
      kind: 'SMS',
      phoneNumber: '+41791234567',
    });
    expect(codeOf(swiss)).toBe('DELIVERY_FAILED');
    expect(await arrived(world, '+41791234567')).toEqual([]);
  });

  test('SMS-04 a country whose codes are hardly ever used is stopped, and goes on once they are', async () => {
    const { user, factorId, phoneNumber } = await open();
    const open20: { flowToken: string; code: string }[] = [];
    for (let sent = 1; sent < 20; sent += 1) {
      await liftAllBut('none');
      const { flowToken } = await askCode(world, user, factorId);
      open20.push({ flowToken, code: await mailedCode(world, phoneNumber) });
    }
    await liftAllBut('none');
    expect(codeOf(await askCode(world, user, factorId))).toBe('DELIVERY_FAILED');
    expect(await codesAt(phoneNumber)).toBe(20);
    for (const { flowToken, code } of open20.slice(0, 3))
      expect((await answer(world.a, flowToken, code)).flow.status).toBe('COMPLETED');
    await liftAllBut('none');
    expect(codeOf(await askCode(world, user, factorId))).toBeUndefined();
  });

  test('SMS-04 what is refused at the sign-in leaves the choice to the user', async () => {
    const { user } = await open({ SMS_COUNTRY_DAILY_BUDGET: '1' });
    const got = await user.signIn();
    expect(got).toMatchObject({ errors: [], flow: { status: 'CHALLENGE_REQUIRED', challenge: null } });
    expect(kindsOf(got.flow)).toEqual(['SMS']);
  });

  test('SMS-07 the counters know numbers by keyed hashes only', async () => {
    const { user, factorId, phoneNumber } = await open();
    await askCode(world, user, factorId);
    const rows = await world.database.rows<{ key: string }>(
      `SELECT key FROM limit_counter WHERE key LIKE 'sms-%'`,
    );
    expect(rows.length).toBeGreaterThan(6);
    for (const { key } of rows) {
      expect(key).toMatch(/^sms-[a-z-]+:[A-Za-z0-9_-]{43}$/);
      expect(key).not.toContain(phoneNumber.slice(1));
    }
  });

  test('SMS-06 premium, unallocated and foreign numbers get nothing, however they are written', async () => {
    await open();
    await liftSendLimits(world);
    const user: TestUser = await world.user();
    const authorization = await user.firstSignIn();
    const before = (await world.inbox()).filter(({ channel }) => channel === 'sms').length;
    for (const phoneNumber of [
      '+1 900 555 0199',
      '001 900 555 0199',
      '(900) 555-0199',
      '+41 900 123456',
      '+44 76 1234 5678',
      '+44 7700 900123',
      '+90 532 123 45 67',
      '0090 532 123 45 67',
      '12345',
    ]) {
      const refused = await startByCode(world, authorization, {
        kind: 'SMS',
        phoneNumber,
        defaultCountry: 'US',
      });
      expect([phoneNumber, refused.enrollment, refused.errors]).toMatchObject([
        phoneNumber,
        null,
        [{ code: 'INVALID_INPUT', path: ['input', 'phoneNumber'] }],
      ]);
    }
    expect(codeOf(await startByCode(world, authorization, { kind: 'SMS' }))).toBe('INVALID_INPUT');
    expect((await world.inbox()).filter(({ channel }) => channel === 'sms')).toHaveLength(before);
    expect(await world.database.rows(`SELECT 1 FROM limit_counter WHERE key LIKE 'sms-%'`)).toEqual([]);
  });

  const warnings = (): string[] =>
    world.logged
      .map((line) => JSON.parse(line) as { msg: string; country: string })
      .filter(({ msg }) => msg.startsWith('four fifths'))
      .map(({ country }) => country);
});
