/**
 * The attack: reading a code over the victim's shoulder, or from the wire, and using it again: at once, in another
 * flow, on another process, typed another way, for another operation, or a code of the step before it.
 * The guarantee: a step is accepted once per device, and never one before the last accepted, whichever operation used
 * it up and however many ask at the same instant. The caller cannot tell a replay from a wrong code.
 */
import {
  answer,
  codeOf,
  flowTokens,
  guesses,
  refusals,
  sessionCount,
  userWithApp,
  wrongCode,
} from '../support/attempts';
import { describeOnEachBackend, describeOnServers } from '../support/backends';
import { GOT, World } from '../support/world';

describeOnEachBackend('using a code again', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  test('TOTP-04 a code is accepted once, and then never a code of an earlier step', async () => {
    const user = await userWithApp(world);
    const [first, second, third] = (await flowTokens(world, user, 3)) as [string, string, string];
    expect((await answer(world.a, first, await user.code(1))).flow.status).toBe('COMPLETED');
    expect(codeOf(await answer(world.a, second, await user.code(1)))).toBe('INVALID_CODE');
    expect(codeOf(await answer(world.a, second, await user.code(0)))).toBe('INVALID_CODE');
    await world.advance(30);
    expect(codeOf(await answer(world.a, third, await user.code(0)))).toBe('INVALID_CODE');
    expect((await answer(world.a, third, await user.code(1))).flow.status).toBe('COMPLETED');
  });

  test('TOTP-05 the code that confirmed the app does not sign in, nor confirm a step-up', async () => {
    const user = await world.user();
    await user.enrollTotp();
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    expect(codeOf(await answer(world.a, flowToken, await user.code()))).toBe('INVALID_CODE');

    await world.advance(60);
    const [again] = (await flowTokens(world, user, 1)) as [string];
    const used = await user.code();
    const { tokens } = await answer(world.a, again, used);
    const authorization = `Bearer ${tokens.accessToken as string}`;
    const stepUp = await world.a.mutate('startStepUp', {}, GOT, { authorization });
    expect(codeOf(await answer(world.a, stepUp.flowToken, used))).toBe('INVALID_CODE');
    expect((await answer(world.a, stepUp.flowToken, await user.code(1))).flow.status).toBe('COMPLETED');
  });

  test('TOTP-06 another way of typing it is the same code', async () => {
    const user = await userWithApp(world);
    const [first, second] = (await flowTokens(world, user, 2)) as [string, string];
    const code = await user.code();
    const [head, tail] = [code.slice(0, 3), code.slice(3)];
    expect((await answer(world.a, first, `${head} ${tail}`)).flow.status).toBe('COMPLETED');
    for (const typed of [code, ` ${code} `, `${head}-${tail}`]) {
      expect([typed, codeOf(await answer(world.a, second, typed))]).toEqual([typed, 'INVALID_CODE']);
    }
  });

  test('TOTP-10 a replay is told apart in the audit log and nowhere else', async () => {
    const user = await userWithApp(world);
    const [first, second, third] = (await flowTokens(world, user, 3)) as [string, string, string];
    const code = await user.code();
    await answer(world.a, first, code);
    const said = async (flowToken: string, typed: string): Promise<string> => {
      const reply = await world.a.ask(
        `mutation($input: VerifyChallengeInput!) { verifyChallenge(input: $input) {
           flow { status reason challenge { kind delivery ... on CodeChallenge { attemptsRemaining } } }
           tokens { accessToken } errors { code message path attemptsRemaining retryAt } } }`,
        { input: { flowToken, proof: { code: typed } } },
      );
      return `${String(reply.status)} ${reply.body}`;
    };
    expect(await said(second, code)).toBe(await said(third, await wrongCode(world, user)));
    expect(await refusals(world, user)).toEqual(['replay', 'wrong code']);
  });
});

describeOnServers('using a code again at the same instant', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  test('TOTP-04 of 50 flows that give one code at once over two processes, one gets in', async () => {
    const user = await userWithApp(world);
    const before = await sessionCount(world, user);
    const flows = await flowTokens(world, user, 50);
    const code = await user.code();
    const replies = await Promise.all(
      flows.map((token, index) => answer(index % 2 ? world.a : world.b, token, code)),
    );
    expect(replies.filter((reply) => reply.tokens !== null)).toHaveLength(1);
    expect(await sessionCount(world, user)).toBe(before + 1);
    const others = new Set(replies.filter((reply) => reply.tokens === null).map(codeOf));
    expect([...others].filter((code) => code !== 'INVALID_CODE' && code !== 'RATE_LIMITED')).toEqual([]);
    expect((await guesses(world, user)).count).toBeLessThanOrEqual(5);
  });
});
