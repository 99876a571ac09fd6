/**
 * kill -9 at any point of an answer: a code is used if and only if the session it was given for exists, and who asks again
 * on another process gets that one session.
 */
import { codeAt } from '../../src/features/factors/kinds/totp/totp';
import { newKeyringLine, systemChance } from '../../src/platform';
import { describeOnServers, type OpenBackend } from '../support/backends';
import { ChildGateway } from '../support/child-gateway';
import { seededBelow } from '../support/seeded';

const PASSWORD = 'correct-horse-battery-staple';
const KILLS = 12;
const STEP_MS = 30_000;
const GOT = 'flow { id status } flowToken tokens { accessToken refreshToken session { id } }';

describeOnServers('gateways in processes of their own', (backend) => {
  let database: OpenBackend;
  let environment: Record<string, string>;
  let survivor: ChildGateway;
  beforeAll(async () => {
    database = await backend.open();
    environment = {
      DATABASE_URL: database.databaseUrl ?? '',
      REDIS_URL: database.redisUrl ?? '',
      KEYRING: newKeyringLine(systemChance),
    };
    survivor = await ChildGateway.start(environment);
  });
  afterAll(async () => {
    await survivor.stop();
    await database.close();
  });

  /** A user made on the survivor, with an app; gives the code of the next time step, which the gateway accepts already. */
  async function userWithApp(email: string): Promise<{ factorId: string; code: string }> {
    const admin = await survivor.mutate('signIn', { email: 'admin@kill.example', password: PASSWORD }, GOT);
    const asAdmin = `Bearer ${admin.tokens.accessToken as string}`;
    await survivor.mutate('createUser', { email, password: PASSWORD }, 'user { id }', asAdmin);
    const own = await survivor.mutate('signIn', { email, password: PASSWORD }, GOT);
    const asUser = `Bearer ${own.tokens.accessToken as string}`;
    const setup = 'enrollmentToken enrollment { setup { ... on TotpSetup { secret } } }';
    const started = await survivor.mutate('startEnrollment', { kind: 'TOTP' }, setup, asUser);
    const secret = (started.enrollment.setup.secret as string).replaceAll(' ', '');
    // Not at the end of a step: the code of the next one must still be the next one's when it is looked at.
    const left = STEP_MS - (Date.now() % STEP_MS);
    if (left < 4000) await new Promise((resolve) => setTimeout(resolve, left));
    const proof = { code: await codeAt(secret, new Date()) };
    const confirm = { enrollmentToken: started.enrollmentToken, proof };
    const confirmed = await survivor.mutate(
      'confirmEnrollment',
      confirm,
      'enrollment { factor { id } }',
      asUser,
    );
    return {
      factorId: confirmed.enrollment.factor.id,
      code: await codeAt(secret, new Date(Date.now() + STEP_MS)),
    };
  }

  it(`killed at ${KILLS} points of an answer: code used if and only if session open, and one session in the end`, async () => {
    await makeAdmin();
    const below = seededBelow(7);
    const outcomes: string[] = [];
    for (let run = 0; run < KILLS; run += 1) {
      await database.database.affected('DELETE FROM limit_counter');
      const { factorId, code } = await userWithApp(`user${run}@kill.example`);
      const used = async () =>
        database.database.row('SELECT last_step FROM totp_secret WHERE factor_id = $1', [factorId]);
      const before = await used();
      const victim = await ChildGateway.start(environment);
      const begun = await victim.mutate(
        'signIn',
        { email: `user${run}@kill.example`, password: PASSWORD },
        GOT,
      );
      const input = { flowToken: begun.flowToken, proof: { code } };
      const answered = victim.mutate('verifyChallenge', input, GOT);
      await new Promise((resolve) => setTimeout(resolve, below(40)));
      await victim.kill();
      await answered;
      const sessions = () =>
        database.database.rows<{ id: string }>('SELECT id FROM session WHERE flow_id = $1', [begun.flow.id]);
      // What the killed process had under way is ended by PostgreSQL when it notices that the connection is gone.
      await settled();
      const left = await sessions();
      const isUsed = JSON.stringify(await used()) !== JSON.stringify(before);
      expect([run, isUsed]).toEqual([run, left.length === 1]);
      const again = await survivor.mutate('verifyChallenge', input, GOT);
      const after = await sessions();
      expect(after).toHaveLength(1);
      if (left.length === 1) expect(again.tokens.session.id).toBe(left[0]?.id);
      expect(again.tokens.session.id).toBe(after[0]?.id);
      outcomes.push(isUsed ? 'used' : 'unused');
    }
    expect(outcomes).toHaveLength(KILLS);
  }, 240_000);

  it('ends within seconds when it is told to, and lets its clients go on elsewhere', async () => {
    const gateway = await ChildGateway.start(environment);
    expect(await gateway.stop()).toBeLessThan(10_000);
    expect(
      await survivor.mutate('signIn', { email: 'nobody@kill.example', password: PASSWORD }, GOT),
    ).toMatchObject({
      errors: [{ code: 'INVALID_CREDENTIALS' }],
    });
  });

  async function makeAdmin(): Promise<void> {
    const { Database, Keyring, parseKeyring } = await import('../../src/platform/index.js');
    const { PasswordHasher, Users } = await import('../../src/features/users/index.js');
    const parsed = parseKeyring(environment['KEYRING'] ?? '');
    if ('fault' in parsed) throw new Error(parsed.fault);
    const hasher = new PasswordHasher(new Keyring(parsed.keys, systemChance), 1);
    const users = new Users(
      new Database(database.database.source),
      hasher,
      { now: () => new Date() },
      systemChance,
      15,
    );
    const roles = ['ADMIN'] as const;
    await users.create({ email: 'admin@kill.example', password: PASSWORD, roles }, () => Promise.resolve());
  }

  async function settled(): Promise<void> {
    for (;;) {
      const open = await database.database.rows(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
      );
      if (open.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});
