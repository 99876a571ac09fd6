/**
 * The attack: taking an account over with a stolen access token by setting a password; guessing the current password
 * there instead of at sign-in; getting rid of the second factor by way of a new password; and shutting people out by
 * overloading the hasher, so that their right passwords count as failures.
 * The guarantee: a change needs a fresh step-up and the current password, whose tries count together with those of
 * sign-in and step-up; factors stay and are asked for; a try that was never evaluated is not counted.
 */
import { Limits } from '../../src/features/limits';
import { PasswordHasher, PasswordSignIn } from '../../src/features/users';
import { codeOf, userWithApp } from '../support/attempts';
import { embedded } from '../support/backends';
import { GOT, PASSWORD, World, type Ask } from '../support/world';

const WRONG = 'not-the-password-at-all';
const NEW_PASSWORD = 'zebra umbrella 7 quiet';

describe('changing a password', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded)));
  afterAll(() => world.close());

  const bearer = (got: { tokens: { accessToken: string } }): Ask => ({
    authorization: `Bearer ${got.tokens.accessToken}`,
  });
  const change = (ask: Ask, currentPassword = PASSWORD, newPassword = NEW_PASSWORD) =>
    world.a.mutate('changePassword', { currentPassword, newPassword }, 'user { id }', ask);
  const counters = () =>
    world.database.rows<{ key: string; count: number }>(
      `SELECT key, count FROM limit_counter WHERE key LIKE 'password%' ORDER BY key`,
    );

  test('PWD-04 with a stolen token alone ends at STEP_UP_REQUIRED, and tells nothing about the password', async () => {
    const user = await world.user();
    const stolen = bearer(await user.signIn());
    await world.advance(301);
    const before = await counters();
    for (const password of [PASSWORD, WRONG])
      expect((await change(stolen, password)).errors).toMatchObject([
        { code: 'STEP_UP_REQUIRED', requiredAssurance: 'AAL1', maxAgeSeconds: 300 },
      ]);
    expect(await counters()).toEqual(before);
    expect((await user.signIn()).errors).toEqual([]);
  });

  test('PWD-04 a token of the password alone is not enough once there is a factor', async () => {
    const user = await world.user();
    const weak = bearer(await user.signIn());
    await user.enrollTotp();
    expect((await change(weak)).errors).toMatchObject([
      { code: 'STEP_UP_REQUIRED', requiredAssurance: 'AAL2' },
    ]);
    const strong = bearer(await user.signInWithTotp());
    expect((await change(strong)).errors).toEqual([]);
  });

  test('PWD-04 leaves the second factor as it is: the new password begins a flow, not a session', async () => {
    const user = await userWithApp(world);
    expect((await change(bearer(await user.signInWithTotp()))).errors).toEqual([]);
    await world.advance(60);
    const begun = await user.signIn({ password: NEW_PASSWORD });
    expect(begun).toMatchObject({
      tokens: null,
      flow: { status: 'CHALLENGE_PENDING', challenge: { kind: 'TOTP' } },
    });
  });

  test('PWD-04 with the current password only: a session that ended meanwhile changes nothing', async () => {
    const user = await world.user();
    const [here, there] = [await user.signIn(), await user.signIn()];
    const [changed] = await Promise.all([
      world.a.ask(
        'mutation($input: ChangePasswordInput!) { changePassword(input: $input) { errors { code } } }',
        { input: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD } },
        bearer(here),
      ),
      world.a.mutate('signOut', { allSessions: true }, 'user { id }', bearer(there)),
    ]);
    // Whichever came first: never both a standing session of the old one and a changed password it did not see.
    const hasChanged = changed.data?.changePassword?.errors.length === 0;
    expect((await user.signIn({ password: hasChanged ? NEW_PASSWORD : PASSWORD })).errors).toEqual([]);
    expect((await world.a.ask('{ viewer { id } }', {}, bearer(here))).errors?.[0]?.extensions.code).toBe(
      'UNAUTHENTICATED',
    );
  });

  test('ENR-04 guesses of the current password count together with those at sign-in and step-up', async () => {
    const user = await world.user();
    const ask = bearer(await user.signIn());
    expect(codeOf(await change(ask, WRONG))).toBe('INVALID_CREDENTIALS');
    expect(codeOf(await user.signIn({ password: WRONG }))).toBe('INVALID_CREDENTIALS');
    expect(codeOf(await world.a.mutate('startStepUp', { password: WRONG, maxAgeSeconds: 0 }, GOT, ask))).toBe(
      'INVALID_CREDENTIALS',
    );
    for (let guess = 4; guess <= 5; guess += 1)
      expect(codeOf(await change(ask, WRONG))).toBe('INVALID_CREDENTIALS');
    const retryAt = new Date(world.clock.now().getTime() + 1000).toISOString();
    for (const refused of [await change(ask), await user.signIn()])
      expect(refused.errors).toMatchObject([{ code: 'RATE_LIMITED', retryAt }]);
    await world.advance(1);
    expect(codeOf(await change(ask, WRONG))).toBe('INVALID_CREDENTIALS');
    await world.advance(1);
    expect(codeOf(await change(ask))).toBe('RATE_LIMITED');
    await world.advance(1);
    expect((await change(ask)).errors).toEqual([]);
  });

  test('ENR-04 one document holds one try', async () => {
    const ask = bearer(await (await world.user()).signIn());
    const one = (name: string) =>
      `${name}: changePassword(input: { currentPassword: "${WRONG}", newPassword: "${NEW_PASSWORD}" }) { errors { code } }`;
    const reply = await world.a.ask(`mutation { ${one('a')} ${one('b')} }`, {}, ask);
    expect(reply.errors?.[0]?.extensions.code).toBe('OPERATION_REJECTED');
  });
});

describe('passwords while the hasher is overloaded', () => {
  test('PWD-02 a try that was turned away is not counted, for the account or for the address', async () => {
    const world = await World.open(embedded);
    const { email } = await world.user();
    const withPlaces = (places: number) =>
      new PasswordSignIn(
        world.database,
        new Limits(world.database),
        new PasswordHasher(world.keyring, places),
      );
    const counts = async () => {
      const rows = await world.database.rows<{ key: string; count: number }>(
        `SELECT key, count FROM limit_counter WHERE key LIKE 'password%'`,
      );
      return Object.fromEntries(rows.map(({ key, count }) => [key, count]));
    };
    expect((await withPlaces(1).check(email, WRONG, 'here')).isRight).toBe(false);
    const evaluated = await counts();
    expect(evaluated).toMatchObject({ [`password:${email}|here`]: 1, 'password-address:here': 1 });
    // Every place is taken for longer than a try waits.
    await expect(withPlaces(0).check(email, WRONG, 'here')).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
    });
    expect(await counts()).toEqual(evaluated);
    await world.close();
  });
});
