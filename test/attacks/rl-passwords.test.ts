/**
 * The attack: guessing a password from many addresses of one subscriber, and locking its owner out by failing in their
 * name, also at the second factor, which the attacker has not reached.
 * The guarantee: failures slow one account for one address (IPv6: for its /64), never the owner elsewhere; who does not
 * know the password moves no counter of the second factor.
 */
import { answer, codeOf, flowTokens, guesses, signInFrom, userWithApp, wrongCode } from '../support/attempts';
import { describeOnServers, embedded } from '../support/backends';
import { PASSWORD, World } from '../support/world';

const WRONG = 'not-the-password-at-all';
const environment = { TRUST_PROXY: '127.0.0.1' };

describe('guessing passwords', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded, { environment })));
  afterAll(() => world.close());

  const counted = async (key: string) =>
    world.database.row<{ count: number; retryAt: Date | null }>(
      'SELECT count, retry_at FROM limit_counter WHERE key = $1',
      [`password:${key}`],
    );

  test('RL-06 from the 5th failure the account is slow for that address: 1 s, doubling to 60 s', async () => {
    const { email } = await world.user();
    const from = '192.0.2.10';
    for (let failure = 1; failure <= 4; failure += 1) {
      expect(codeOf(await signInFrom(world, from, email, WRONG))).toBe('INVALID_CREDENTIALS');
    }
    for (const delay of [1, 2, 4, 8, 16, 32, 60, 60]) {
      expect(codeOf(await signInFrom(world, from, email, WRONG))).toBe('INVALID_CREDENTIALS');
      const { retryAt } = (await counted(`${email}|${from}`)) ?? {};
      expect(retryAt?.getTime()).toBe(world.clock.now().getTime() + delay * 1000);
      const [refused] = (await signInFrom(world, from, email)).errors;
      expect(refused).toMatchObject({ code: 'RATE_LIMITED', retryAt: retryAt?.toISOString() });
      await world.advance(delay);
    }
    expect((await signInFrom(world, from, email)).errors).toEqual([]);
    expect(await counted(`${email}|${from}`)).toBeUndefined();
  });

  test('RL-06 failures from elsewhere never slow the owner, nor touch the second factor', async () => {
    const user = await userWithApp(world);
    for (let failure = 0; failure < 30; failure += 1) {
      await signInFrom(world, `203.0.113.${String(failure % 3)}`, user.email, WRONG);
    }
    expect(codeOf(await signInFrom(world, '203.0.113.0', user.email))).toBe('RATE_LIMITED');
    for (const made of ['A'.repeat(43), 'x', '']) await answer(world.a, made, await wrongCode(world, user));
    expect((await guesses(world, user)).count).toBe(0);
    const begun = await signInFrom(world, '192.0.2.77', user.email);
    expect(begun.flow.status).toBe('CHALLENGE_PENDING');
    expect((await answer(world.a, begun.flowToken, await user.code())).flow.status).toBe('COMPLETED');
  });

  test('RL-06 a second factor that waits leaves sessions and push as they are', async () => {
    const user = await userWithApp(world);
    const { tokens } = await user.signInWithTotp();
    const authorization = `Bearer ${tokens.accessToken as string}`;
    await user.pairPhone(authorization);
    await world.database.affected(
      `UPDATE limit_counter SET count = 100, retry_at = gateway_now() + interval '1 hour' WHERE key = $1`,
      [`guess:${user.id}`],
    );
    const { data } = await world.a.ask('{ viewer { factors { kind usableFrom } } }', {}, { authorization });
    const usableFrom = new Map(
      data.viewer.factors.map((f: { kind: string; usableFrom: unknown }) => [f.kind, f.usableFrom]),
    );
    expect(usableFrom.get('PUSH')).toBeNull();
    expect(usableFrom.get('TOTP')).not.toBeNull();
    const { refreshToken } = tokens;
    const refreshed = await world.a.mutate('refreshTokens', { refreshToken }, 'tokens { accessToken }');
    expect(refreshed.errors).toEqual([]);
  });

  test('RL-07 the addresses of one /64, however they are spelled, are one; the next /64 is another', async () => {
    const { email } = await world.user();
    const spellings = [
      '2001:db8:7:1::1',
      '2001:0DB8:7:1::2',
      '2001:db8:7:1:ffff:ffff:0:1',
      '2001:db8:7:1::203.0.113.9',
      '2001:db8:0007:0001::',
    ];
    for (const from of spellings)
      expect(codeOf(await signInFrom(world, from, email, WRONG))).toBe('INVALID_CREDENTIALS');
    expect(codeOf(await signInFrom(world, '2001:db8:7:1:abcd::9', email))).toBe('RATE_LIMITED');
    expect((await signInFrom(world, '2001:db8:7:2::1', email)).errors).toEqual([]);
  });

  test('RL-07 an IPv4 address inside IPv6 is that IPv4 address', async () => {
    const { email } = await world.user();
    for (let failure = 0; failure < 5; failure += 1)
      await signInFrom(world, '::ffff:198.51.100.4', email, WRONG);
    expect(codeOf(await signInFrom(world, '198.51.100.4', email))).toBe('RATE_LIMITED');
  });

  test('RL-06 PWD-05 other spellings of an address share its counter', async () => {
    const { email } = await world.user();
    const spellings = [email, email.toUpperCase(), ` ${email} `, email.replace('@', '＠'), email];
    for (const typed of spellings)
      expect(codeOf(await signInFrom(world, '192.0.2.5', typed, WRONG))).toBe('INVALID_CREDENTIALS');
    expect(codeOf(await signInFrom(world, '192.0.2.5', email, PASSWORD))).toBe('RATE_LIMITED');
  });

  test('RL-06 an address that failed 100 times in an hour waits, whatever accounts it tried; a right password is no failure', async () => {
    const { email } = await world.user();
    const from = '192.0.2.200';
    await world.database.affected(`INSERT INTO limit_counter VALUES ($1, 99, gateway_now(), NULL)`, [
      `password-address:${from}`,
    ]);
    expect((await signInFrom(world, from, email)).errors).toEqual([]);
    expect(codeOf(await signInFrom(world, from, 'nobody@example.com'))).toBe('INVALID_CREDENTIALS');
    expect(codeOf(await signInFrom(world, from, email))).toBe('RATE_LIMITED');
    await world.advance(3600);
    expect((await signInFrom(world, from, email)).errors).toEqual([]);
  });

  test('RL-09 the right password begins 10 flows in 10 minutes and no more', async () => {
    const user = await userWithApp(world);
    await flowTokens(world, user, 1);
    for (let begun = 1; begun < 10; begun += 1) expect((await user.signIn()).errors).toEqual([]);
    expect(codeOf(await user.signIn())).toBe('RATE_LIMITED');
    await world.advance(600);
    expect((await user.signIn()).errors).toEqual([]);
  });
});

describeOnServers('guessing passwords on two processes', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2, environment })));
  afterAll(() => world.close());

  test('RL-06 of 100 wrong passwords at once over two processes at most 5 are compared', async () => {
    const { email } = await world.user();
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        (index % 2 ? world.a : world.b).mutate('signIn', { email, password: WRONG }, 'flowToken'),
      ),
    );
    expect(replies.filter((reply) => codeOf(reply) === 'INVALID_CREDENTIALS').length).toBeLessThanOrEqual(5);
    expect(replies.filter((reply) => codeOf(reply) === 'RATE_LIMITED').length).toBeGreaterThanOrEqual(95);
  });
});
