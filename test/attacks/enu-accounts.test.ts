/**
 * The attack: finding out who has an account, and in what state, from what a failed sign-in says, how long its reply is
 * or how much work it makes; and reading somebody's factors before knowing the password.
 * The guarantee: without the right password every account, and none at all, is answered byte for byte the same for the
 * same work; factors are shown after the first factor only, and masked.
 */
import { answer, codeOf, liftFlowLimit, userWithApp } from '../support/attempts';
import { describeOnEachBackend, embedded } from '../support/backends';
import { cpuWatch } from '../support/cpu-watch';
import { GOT, PASSWORD, World } from '../support/world';

const WRONG = 'not-the-password-at-all';
const SIGN_IN = `mutation($input: SignInInput!) { signIn(input: $input) { ${GOT}
  errors { code message path attemptsRemaining retryAt requiredAssurance maxAgeSeconds } } }`;

/** What differs from request to request, whoever asks. */
const PER_REQUEST = ['date', 'x-request-id'];

async function withoutPassword(world: World, email: string): Promise<string> {
  const user = await world.a.app.accounts.provision({ email, isEmailVerified: true }, null, null);
  return user.email;
}

describeOnEachBackend('asking who has an account', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { environment: { TRUST_PROXY: '127.0.0.1' } })));
  afterAll(() => world.close());

  const tried = async (email: string, password = WRONG, from = '192.0.2.1') => {
    const reply = await world.a.ask(
      SIGN_IN,
      { input: { email, password } },
      { headers: { 'x-forwarded-for': from } },
    );
    const headers = [...reply.headers].filter(([name]) => !PER_REQUEST.includes(name));
    return { status: reply.status, headers, body: reply.body };
  };

  test('ENU-01 unknown, active, locked and without a password: one answer, byte for byte', async () => {
    const locked = await userWithApp(world);
    await world.database.affected(`UPDATE users SET status = 'LOCKED' WHERE id = $1`, [locked.id]);
    const timed = await world.user();
    await world.database.affected(
      `UPDATE users SET status = 'LOCKED', locked_until = gateway_now() + interval '1 hour' WHERE id = $1`,
      [timed.id],
    );
    const guessed = await userWithApp(world);
    await world.database.affected(
      `INSERT INTO limit_counter VALUES ($1, 100, gateway_now(), gateway_now() + interval '1 hour')
       ON CONFLICT (key) DO UPDATE SET count = 100`,
      [`guess:${guessed.id}`],
    );
    const said = await tried('nobody@example.com');
    expect(said.body).toContain('INVALID_CREDENTIALS');
    const bare = await withoutPassword(world, 'bare@example.com');
    for (const email of [
      (await world.user()).email,
      locked.email,
      timed.email,
      guessed.email,
      bare,
      'no address',
    ]) {
      expect([email, await tried(email)]).toEqual([email, said]);
    }
    expect(await tried(bare, PASSWORD)).toEqual(said);
  });

  test('ENU-01 an account that does not exist is slowed like one that does', async () => {
    const { email } = await world.user();
    for (let failure = 0; failure < 5; failure += 1) {
      expect(await tried('nobody@example.org', WRONG, '192.0.2.2')).toEqual(
        await tried(email, WRONG, '192.0.2.2'),
      );
    }
    const slowed = await tried(email, WRONG, '192.0.2.2');
    expect(slowed.body).toContain('RATE_LIMITED');
    expect(await tried('nobody@example.org', WRONG, '192.0.2.2')).toEqual(slowed);
    expect(await tried(email, PASSWORD, '192.0.2.2')).toEqual(slowed);
  });

  test('ENU-01 that an account is locked is told only with the right password', async () => {
    const { id, email } = await world.user();
    await world.database.affected(`UPDATE users SET status = 'LOCKED' WHERE id = $1`, [id]);
    expect((await tried(email, PASSWORD)).body).toContain('ACCOUNT_LOCKED');
    expect((await tried(email, WRONG)).body).not.toContain('ACCOUNT_LOCKED');
  });

  test('ENU-04 factors are shown after the right password only, and masked', async () => {
    const user = await userWithApp(world);
    const phone = `Bearer ${(await user.signInWithTotp()).tokens.accessToken as string}`;
    await user.pairPhone(phone);
    await liftFlowLimit(world);
    expect((await tried(user.email)).body).toContain('"flow":null');
    const none = await world.a.ask(`query($t: String!) { authFlow(flowToken: $t) { factors { id } } }`, {
      t: 'A'.repeat(43),
    });
    expect(none.data.authFlow).toBeNull();
    const begun = await user.signIn({ autoStart: false });
    expect(begun.flow.factors.map((factor: { kind: string }) => factor.kind).sort()).toEqual([
      'BACKUP_CODE',
      'PUSH',
      'TOTP',
    ]);
    expect(JSON.stringify(begun.flow)).not.toContain(user.email);
    expect(begun.flow.accountHint).toBe('u••@example.com');
    const hidden = await world.a.ask(
      `query($t: String!) { authFlow(flowToken: $t) { factors { clockDriftSeconds lastUsedAt device { id keyThumbprint } } } }`,
      { t: begun.flowToken },
    );
    for (const factor of hidden.data.authFlow.factors)
      expect([factor.clockDriftSeconds, factor.device]).toEqual([null, null]);
    const closed = await world.a.mutate('cancelAuthFlow', { flowToken: begun.flowToken }, GOT);
    expect(closed.flow.factors).toEqual([]);
    expect(codeOf(await answer(world.a, begun.flowToken, await user.code()))).toBe('INVALID_TOKEN');
  });
});

/**
 * ENU-02 asks for a thousand timed samples; here the work itself is compared, which decides the time and does not vary
 * with the machine: a password hash is some fifty times all the rest.
 */
describe('telling accounts apart by the work they make', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded)));
  afterAll(() => world.close());

  test('ENU-02 an unknown account, one without a password and a wrong password cost one password hash each', async () => {
    const emails = [
      (await world.user()).email,
      await withoutPassword(world, 'bare@example.com'),
      'nobody@example.com',
    ];
    const work = async (input: object): Promise<number> => {
      const spent = cpuWatch();
      await world.a.ask('mutation($input: SignInInput!) { signIn(input: $input) { errors { code } } }', {
        input,
      });
      return spent();
    };
    const costs = emails.map(() => [] as number[]);
    for (let sample = 0; sample < 9; sample += 1) {
      for (const [index, email] of emails.entries())
        costs[index]?.push(await work({ email, password: WRONG }));
      await world.advance(60);
    }
    const [wrong, bare, unknown] = costs.map((samples) => samples.sort((a, b) => a - b)[4] as number) as [
      number,
      number,
      number,
    ];
    const unhashed = await work({ email: emails[0], password: 'x'.repeat(2000) });
    expect(unhashed).toBeLessThan(wrong / 2);
    for (const cost of [bare, unknown]) {
      expect(cost).toBeGreaterThan(wrong / 1.5);
      expect(cost).toBeLessThan(wrong * 1.5);
    }
  });
});
