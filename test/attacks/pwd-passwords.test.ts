/**
 * The attack: passwords made to cost: too long to hash, or so many at once that nobody else is served; passwords that
 * are cut off or compared in part; and a stolen table, to be cracked elsewhere.
 * The guarantee: sizes are checked before any hashing, every character counts, hashes are Argon2id with a pepper that is
 * not in the database, and only so many run at a time while everything else is answered.
 */
import { verify } from '@node-rs/argon2';
import { codeOf } from '../support/attempts';
import { embedded } from '../support/backends';
import { cpuWatch } from '../support/cpu-watch';
import { GOT, PASSWORD, World } from '../support/world';

describe('passwords', () => {
  let world: World;
  beforeAll(
    async () => (world = await World.open(embedded, { environment: { PASSWORD_HASHES_IN_PARALLEL: '1' } })),
  );
  afterAll(() => world.close());

  const provision = (email: string, password: string) =>
    world.a.app.accounts.provision({ email, password, isEmailVerified: true }, null, null);
  const signIn = (email: string, password: string) => world.a.mutate('signIn', { email, password }, GOT);

  test('PWD-01 what is too long is refused before it is hashed', async () => {
    const { email } = await world.user();
    const spent = cpuWatch();
    await signIn(email, PASSWORD);
    const hashing = spent();
    for (const long of ['x'.repeat(2000), 'x'.repeat(129), '€'.repeat(342), '😀'.repeat(129)]) {
      const costs: number[] = [];
      for (let sample = 0; sample < 3; sample += 1) {
        const watch = cpuWatch();
        expect(await signIn(email, long)).toMatchObject({
          errors: [{ code: 'INVALID_INPUT', path: ['input', 'password'] }],
        });
        costs.push(watch());
      }
      expect(Math.min(...costs)).toBeLessThan(Math.min(50, hashing));
      await expect(provision('long@example.com', long)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
  });

  test('PWD-01 128 characters are accepted, of any script, and the last one counts', async () => {
    for (const [index, words] of ['zebra umbrella 7 quiet kayak ', '🦓☂️ seven 🤫 otters in 🛶 '].entries()) {
      const email = `long${String(index)}@example.com`;
      const password = [...words.repeat(6)].slice(0, 127).join('');
      await provision(email, `${password}a`);
      expect((await signIn(email, `${password}a`)).errors).toEqual([]);
      for (const near of [`${password}b`, password, `${password}A`])
        expect(codeOf(await signIn(email, near))).toBe('INVALID_CREDENTIALS');
      expect((await signIn(email, `${password}a`)).errors).toEqual([]);
    }
  });

  test('PWD-01 15 characters are the fewest where the password may be the only factor, 8 where it is not', async () => {
    await expect(provision('short@example.com', 'zebra 7 umbrel')).rejects.toMatchObject({
      code: 'WEAK_PASSWORD',
    });
    await expect(provision('short@example.com', '😀'.repeat(14))).rejects.toMatchObject({
      code: 'WEAK_PASSWORD',
    });
    await expect(provision('short@example.com', 'zebra 7 umbrell')).resolves.toBeDefined();
    const other = await World.open(embedded, { environment: { PASSWORD_MINIMUM_LENGTH: '8' } });
    const accounts = other.a.app.accounts;
    await expect(
      accounts.provision({ email: 's@example.com', password: 'zx7 kaq' }, null, null),
    ).rejects.toMatchObject({ code: 'WEAK_PASSWORD' });
    await expect(
      accounts.provision({ email: 's@example.com', password: 'zx7 kaqw' }, null, null),
    ).resolves.toBeDefined();
    await other.close();
  });

  test('PWD-01 a password is the same however its characters are composed', async () => {
    await provision('accent@example.com', 'très-long-et-sûr'.normalize('NFD'));
    expect((await signIn('accent@example.com', 'très-long-et-sûr'.normalize('NFC'))).errors).toEqual([]);
  });

  test('PWD-05 all spellings of an address are one account; a look-alike is no address', async () => {
    await provision('alice@example.com', PASSWORD);
    for (const same of [
      'Alice@Example.com',
      ' alice@example.com ',
      'ａｌｉｃｅ@example.com',
      'alice＠example.com',
    ]) {
      await expect(provision(same, PASSWORD)).rejects.toMatchObject({ code: 'CONFLICT' });
      expect((await signIn(same, PASSWORD)).errors).toEqual([]);
    }
    for (const alike of ['\u0430lice@example.com', 'al\u0131ce@example.com', 'alice\u200b@example.com']) {
      await expect(provision(alike, PASSWORD)).rejects.toMatchObject({ code: 'INVALID_INPUT' });
      expect(codeOf(await signIn(alike, PASSWORD))).toBe('INVALID_CREDENTIALS');
    }
  });

  test('PWD-02 the table holds Argon2id of the recommended cost, with a pepper that it does not hold', async () => {
    const { id } = await world.user();
    const row = await world.database.row<{ passwordHash: string }>(
      'SELECT password_hash FROM users WHERE id = $1',
      [id],
    );
    const hash = row?.passwordHash ?? '';
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await verify(hash, PASSWORD)).toBe(false);
    expect(await verify(hash, PASSWORD, { secret: world.keyring.mac('password', ['pepper']) })).toBe(true);
    const rows = await world.database.rows<{ line: string }>('SELECT u::text AS line FROM users u');
    for (const { line } of rows) expect(line).not.toContain(PASSWORD);
  });

  test('PWD-02 while 100 passwords are checked everybody else is answered', async () => {
    // The address may fail 100 times an hour: here it begins with none.
    await world.advance(3600);
    let answered = 0;
    const signIns = Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        world.a
          .ask('mutation($input: SignInInput!) { signIn(input: $input) { errors { code } } }', {
            input: { email: `crowd${String(index)}@example.com`, password: PASSWORD },
          })
          .finally(() => (answered += 1)),
      ),
    );
    expect((await world.a.ask('{ gateway { name } }')).data.gateway.name).toBe('Factorgate');
    expect(answered).toBeLessThan(100);
    const outcomes = (await signIns).map(
      ({ data, errors }) => errors?.[0]?.extensions.code ?? (data.signIn.errors[0].code as string),
    );
    expect(outcomes).toContain('INVALID_CREDENTIALS');
    expect(
      outcomes.filter((code) => code !== 'INVALID_CREDENTIALS' && code !== 'SERVICE_UNAVAILABLE'),
    ).toEqual([]);
    await world.advance(3600);
    expect((await signIn((await world.user()).email, PASSWORD)).flow.status).toBe('COMPLETED');
  });
});
