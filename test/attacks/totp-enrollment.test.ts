/**
 * The attack: guessing or reading an app's secret: one that is short or shared, one shown again by some query, one that
 * signs in before it is confirmed; and enrolling apps without end, since each makes a guess more likely to hit.
 * The guarantee: 160 random bits per app, shown while its enrollment is pending and never after; ten minutes to confirm;
 * five apps at most. Any authenticator app and any QR reader understands what is shown.
 */
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { isObjectType } from 'graphql';
import { gatewaySchema } from '../../src/schema';
import { answer, codeOf, flowTokens, userWithApp } from '../support/attempts';
import { embedded } from '../support/backends';
import { findPrograms, temporaryFolder } from '../support/server-process';
import { World, type TestUser } from '../support/world';

const run = promisify(execFile);
const SETUP = 'enrollmentToken enrollment { status setup { ... on TotpSetup { uri secret } } }';
const PICTURE = `enrollment { setup {
  ... on TotpSetup { uri qrCode(format: PNG) } ... on PushSetup { uri qrCode(format: PNG) } } }`;

/** Runs where the program is installed, and always where CI is set. */
const testWith = (program: string): jest.It =>
  process.env['CI'] || findPrograms([program]) !== undefined ? test : test.skip;

describe('enrolling an authenticator app', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded)));
  afterAll(() => world.close());

  const start = (authorization: string) =>
    world.a.mutate('startEnrollment', { kind: 'TOTP' }, SETUP, { authorization });
  const secretOf = (started: { enrollment: { setup: { secret: string } } }): string =>
    started.enrollment.setup.secret.replaceAll(' ', '');
  const signedIn = async (user: TestUser): Promise<string> =>
    `Bearer ${(await user.signInWithTotp()).tokens.accessToken as string}`;

  test('TOTP-01 each app has its own 160 random bits', async () => {
    const authorization = await (await world.user()).firstSignIn();
    const secrets: string[] = [];
    for (let begun = 0; begun < 100; begun += 1) secrets.push(secretOf(await start(authorization)));
    expect(new Set(secrets).size).toBe(100);
    // 32 characters of 5 bits each are 20 bytes.
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(new Set(secrets.join('')).size).toBe(32);
  });

  test('TOTP-08 a pending app cannot sign in, and cannot be confirmed after ten minutes', async () => {
    const user = await userWithApp(world);
    const authorization = await signedIn(user);
    const started = await start(authorization);
    user.apps.push(secretOf(started));
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    expect(codeOf(await answer(world.a, flowToken, await user.code(0, 1)))).toBe('INVALID_CODE');
    const { enrollmentToken } = started;
    await world.advance(601);
    const late = await world.a.mutate(
      'confirmEnrollment',
      { enrollmentToken, proof: { code: await user.code(0, 1) } },
      'enrollment { status }',
    );
    expect(codeOf(late)).toBe('INVALID_TOKEN');
  });

  test('TOTP-08 a second start replaces the first, and five wrong codes end it', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const [first, second] = [await start(authorization), await start(authorization)];
    user.apps.push(secretOf(first), secretOf(second));
    const confirm = (enrollmentToken: string, code: string) =>
      world.a.mutate('confirmEnrollment', { enrollmentToken, proof: { code } }, 'enrollment { status }', {
        authorization,
      });
    expect(codeOf(await confirm(first.enrollmentToken, await user.code(0, 0)))).toBe('INVALID_TOKEN');
    const wrong = [];
    for (let steps = 5; steps < 10; steps += 1)
      wrong.push(codeOf(await confirm(second.enrollmentToken, await user.code(steps, 1))));
    expect(wrong).toEqual([...Array<string>(4).fill('INVALID_CODE'), 'TOO_MANY_ATTEMPTS']);
    expect(codeOf(await confirm(second.enrollmentToken, await user.code(0, 1)))).toBe('INVALID_TOKEN');
  });

  test('TOTP-08 once confirmed the secret is shown to nobody', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const started = await start(authorization);
    user.apps.push(secretOf(started));
    const { enrollmentToken } = started;
    const confirmed = await world.a.mutate(
      'confirmEnrollment',
      { enrollmentToken, proof: { code: await user.code() } },
      SETUP,
      { authorization },
    );
    expect(confirmed.enrollment).toEqual({ status: 'CONFIRMED', setup: null });
    const query =
      'query($t: String!) { enrollment(enrollmentToken: $t) { status setup { __typename ... on TotpSetup { uri secret } } } }';
    const asked = await world.a.ask(query, { t: enrollmentToken }, { authorization });
    expect(asked.data.enrollment).toEqual({ status: 'CONFIRMED', setup: null });
    const shows = Object.values(gatewaySchema().getTypeMap()).flatMap((type) =>
      isObjectType(type) && !type.name.startsWith('__')
        ? Object.keys(type.getFields())
            .filter((name) => /secret|otpauth|qrcode|^uri$/i.test(name))
            .map((name) => `${type.name}.${name}`)
        : [],
    );
    expect(shows.sort()).toEqual([
      'PushSetup.qrCode',
      'PushSetup.uri',
      'TotpSetup.qrCode',
      'TotpSetup.secret',
      'TotpSetup.uri',
    ]);
  });

  test('TOTP-09 a user has five apps at most, also if the sixth was begun before', async () => {
    const user = await userWithApp(world);
    const authorization = await signedIn(user);
    for (let app = 2; app <= 4; app += 1) await user.enrollTotp(authorization);
    const pending = await start(authorization);
    const before = user.apps.push(secretOf(pending)) - 1;
    // Another way in adds the fifth meanwhile.
    await world.database.rows(`INSERT INTO factor (id, user_id, kind) VALUES ('fct_fifth', $1, 'TOTP')`, [
      user.id,
    ]);
    const input = { enrollmentToken: pending.enrollmentToken, proof: { code: await user.code(0, before) } };
    const confirmed = await world.a.mutate('confirmEnrollment', input, 'enrollment { status }', {
      authorization,
    });
    expect(codeOf(confirmed)).toBe('FACTOR_LIMIT_REACHED');
    expect(codeOf(await start(authorization))).toBe('FACTOR_LIMIT_REACHED');
  });

  testWith('oathtool')('TOTP-02 oathtool computes the codes that sign in', async () => {
    const user = await userWithApp(world);
    const { stdout } = await run('oathtool', [
      '--totp',
      '--base32',
      `--now=@${String(Math.floor(world.clock.now().getTime() / 1000))}`,
      user.apps[0] as string,
    ]);
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    expect((await answer(world.a, flowToken, stdout.trim())).flow.status).toBe('COMPLETED');
  });

  testWith('zbarimg').each([
    ['TOTP', /^otpauth:\/\/totp\/Factorgate:user\d+%40example\.com\?.*secret=[A-Z2-7]{32}/],
    ['PUSH', /^factorgate:\/\/pair\?token=/],
  ])('TOTP-08 zbarimg reads the QR code of %s as exactly the link beside it', async (kind, form) => {
    const authorization = await (await world.user()).firstSignIn();
    const { setup } = (await world.a.mutate('startEnrollment', { kind }, PICTURE, { authorization }))
      .enrollment;
    const image = join(temporaryFolder('qr'), 'code.png');
    await writeFile(
      image,
      Buffer.from((setup.qrCode as string).replace(/^data:image\/png;base64,/, ''), 'base64'),
    );
    const { stdout } = await run('zbarimg', ['--quiet', '--raw', image]);
    expect(stdout.trim()).toBe(setup.uri);
    expect(setup.uri).toMatch(form);
  });
});
