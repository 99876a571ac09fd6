/**
 * The attack: codes that are not quite codes. Those of steps long past or far ahead, digits of other scripts, signs and
 * exponents that a lax parser takes for a number, and a process whose clock was set wrong.
 * The guarantee: only six ASCII digits of the step before, of now and of the step after, by the database's clock; what
 * is malformed is refused before it counts as a guess.
 */
import { codeAt } from '../../src/features/factors/kinds/totp/totp';
import { answer, codeOf, flowTokens, guesses, userWithApp } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import { World } from '../support/world';

const MALFORMED = [
  '１２３４５６',
  '١٢٣٤٥٦',
  '12345６',
  '1',
  '12345',
  '1234567',
  '+12345',
  '-+1234',
  '1e5',
  '0x1234',
  '12345.',
  '123\t456',
  '123456\n',
  '123\u00a0456',
  '123\u2013456',
  '',
  '      ',
];

describeOnEachBackend('codes that are no codes', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  test('TOTP-03 the codes of the step before, of now and of the step after are accepted, and no others', async () => {
    for (const [steps, isAccepted] of [
      [-2, false],
      [-1, true],
      [0, true],
      [1, true],
      [2, false],
    ] as const) {
      const user = await world.user();
      await user.enrollTotp();
      await world.advance(120);
      const [flowToken] = (await flowTokens(world, user, 1)) as [string];
      const done = await answer(world.a, flowToken, await user.code(steps));
      expect([steps, done.tokens !== null, codeOf(done)]).toEqual([
        steps,
        isAccepted,
        isAccepted ? undefined : 'INVALID_CODE',
      ]);
    }
  });

  test('TOTP-06 what is not six ASCII digits is INVALID_INPUT and no guess', async () => {
    const user = await userWithApp(world);
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    for (const typed of MALFORMED) {
      const reply = await answer(world.a, flowToken, typed);
      expect([typed, codeOf(reply), reply.flow.challenge.attemptsRemaining]).toEqual([
        typed,
        'INVALID_INPUT',
        5,
      ]);
    }
    expect((await guesses(world, user)).count).toBe(0);
    const code = await user.code();
    expect((await answer(world.a, flowToken, ` ${code.slice(0, 2)}-${code.slice(2)} `)).flow.status).toBe(
      'COMPLETED',
    );
  });

  test.each([120, -120])(
    'TOTP-07 a process whose clock is off by %i s goes by the database',
    async (offset) => {
      const user = await userWithApp(world);
      const [right, wrong] = (await flowTokens(world, user, 2)) as [string, string];
      const databaseTime = world.clock.now();
      world.clock.set(new Date(databaseTime.getTime() + offset * 1000));
      const secret = user.apps[0] as string;
      const ofProcess = await answer(world.a, wrong, await codeAt(secret, world.clock.now()));
      const ofDatabase = await answer(world.a, right, await codeAt(secret, databaseTime));
      world.clock.set(databaseTime);
      expect(codeOf(ofProcess)).toBe('INVALID_CODE');
      expect(ofDatabase.flow.status).toBe('COMPLETED');
    },
  );
});
