/**
 * The attack: approving a sign-in that is not one's own: with another phone, without a key, with a pairing link that
 * was used, with a guessed number, with an answer to another request, or with a second answer after the first.
 * The guarantee: only the phone that was asked can read or answer, only with the number on the login screen, only once
 * and in time; the first answer stands, and what it opens must be collected within a minute.
 */
import { TerminalDevice } from '../../src/cli/device';
import { codeOf } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import { approve, asked, complete, otherNumber, readFlow, ring, userWithPhone } from '../support/phones';
import { GOT, World } from '../support/world';

describeOnEachBackend('approving what one may not', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  test('PUSH-01 a pairing link is good once, and for ten minutes', async () => {
    const pair = (uri: string) =>
      TerminalDevice.pair(uri, { name: 'Pixel 9', graphqlUrl: world.a.graphqlUrl, clock: world.clock });
    const start = async () => {
      const ask = { authorization: await (await world.user()).firstSignIn() };
      const got = 'enrollment { setup { ... on PushSetup { uri } } }';
      return (await world.a.mutate('startEnrollment', { kind: 'PUSH' }, got, ask)).enrollment.setup
        .uri as string;
    };
    const [used, late] = [await start(), await start()];
    await pair(used);
    await expect(pair(used)).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    await world.advance(600);
    await expect(pair(late)).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
    const invented = used.replace(/token=[^&]*/, `token=${'A'.repeat(43)}`);
    await expect(pair(invented)).rejects.toMatchObject({ code: 'INVALID_TOKEN' });
  });

  test('PUSH-01 a session or an unsigned answer approves nothing', async () => {
    const owner = await userWithPhone(world);
    const { flowToken, number } = await ring(owner);
    const answer = await owner.phone.answer(await asked(owner.phone), 'APPROVE', number);
    const respond =
      'mutation($input: RespondToApprovalInput!) { respondToApproval(input: $input) { errors { code } } }';
    for (const authorization of [owner.authorization, undefined, `Device ${answer}`]) {
      const reply = await world.a.ask(respond, { input: { answer } }, { authorization });
      expect(reply.errors?.[0]?.extensions.code).toMatch(/^(UNAUTHENTICATED|FORBIDDEN)$/);
    }
    const [head, payload] = answer.split('.') as [string, string];
    const none = Buffer.from('{"alg":"none","typ":"approval+jwt"}').toString('base64url');
    for (const forged of [
      `${head}.${payload}.`,
      `${none}.${payload}.`,
      `${head}.${payload}.${'A'.repeat(86)}`,
    ]) {
      expect((await owner.phone.send(forged)).errors).toMatchObject([
        { code: expect.stringMatching(/^INVALID_/) },
      ]);
    }
    expect((await readFlow(world.a, flowToken)).status).toBe('CHALLENGE_PENDING');
  });

  test('PUSH-02 an answer to one request is none to another, and an old answer is none', async () => {
    const owner = await userWithPhone(world);
    const first = await ring(owner);
    const approval = await asked(owner.phone);
    await owner.phone.respond(approval, 'DENY');
    const second = await ring(owner);
    const now = await asked(owner.phone);
    for (const moved of [
      { ...approval, id: now.id },
      { ...now, nonce: approval.nonce },
    ]) {
      expect(codeOf(await owner.phone.respond(moved, 'APPROVE', second.number))).toBe('INVALID_PROOF');
    }
    expect(codeOf(await owner.phone.respond(approval, 'APPROVE', first.number))).toBe('CHALLENGE_CLOSED');
    expect((await approve(owner.phone, second.number)).approval?.status).toBe('APPROVED');
  });

  test('PUSH-03 nothing is approved without the number, or with what only looks like one', async () => {
    const owner = await userWithPhone(world);
    for (const [typed, reason] of [
      [undefined, null],
      ['0'.repeat(17), null],
      ['', 'NUMBER_MISMATCH'],
      ['7', 'NUMBER_MISMATCH'],
      ['٤٢', 'NUMBER_MISMATCH'],
    ] as const) {
      const { flowToken } = await ring(owner);
      const approval = await asked(owner.phone);
      const answer = await owner.phone.respond(approval, 'APPROVE', typed);
      expect([typed, codeOf(answer)]).toEqual([typed, reason === null ? 'INVALID_PROOF' : undefined]);
      expect(answer.approval?.status).toBe(reason === null ? 'PENDING' : 'DENIED');
      expect((await readFlow(world.a, flowToken)).reason).toBe(reason);
      expect(codeOf(await complete(world.a, flowToken))).toBe('WRONG_STATUS');
      await owner.phone.respond(approval, 'DENY');
    }
  });

  test('PUSH-04 one wrong number ends the request; the right one comes too late', async () => {
    const owner = await userWithPhone(world);
    const { flowToken, number } = await ring(owner);
    const approval = await asked(owner.phone);
    expect((await owner.phone.respond(approval, 'APPROVE', otherNumber(number))).approval?.status).toBe(
      'DENIED',
    );
    expect(await owner.phone.respond(approval, 'APPROVE', number)).toMatchObject({
      approval: { status: 'DENIED' },
      errors: [{ code: 'CHALLENGE_CLOSED' }],
    });
    expect(await readFlow(world.a, flowToken)).toMatchObject({
      status: 'CHALLENGE_REQUIRED',
      reason: 'NUMBER_MISMATCH',
      challenge: null,
    });
    expect(codeOf(await complete(world.a, flowToken))).toBe('WRONG_STATUS');
  });

  test('PUSH-05 an answer counts within 120 seconds', async () => {
    for (const [seconds, isInTime] of [
      [119, true],
      [121, false],
    ] as const) {
      const owner = await userWithPhone(world);
      const { flowToken, number } = await ring(owner);
      const approval = await asked(owner.phone);
      await world.advance(seconds);
      const answer = await owner.phone.respond(approval, 'APPROVE', number);
      expect([seconds, codeOf(answer)]).toEqual([seconds, isInTime ? undefined : 'CHALLENGE_CLOSED']);
      expect((await readFlow(world.a, flowToken)).status).toBe(isInTime ? 'VERIFIED' : 'CHALLENGE_REQUIRED');
      expect((await complete(world.a, flowToken)).tokens !== null).toBe(isInTime);
    }
  });

  test('PUSH-05 an approval is collected within 60 seconds', async () => {
    for (const [seconds, isInTime] of [
      [59, true],
      [61, false],
    ] as const) {
      const owner = await userWithPhone(world);
      const { flowToken, number } = await ring(owner);
      await approve(owner.phone, number);
      await world.advance(seconds);
      const done = await complete(world.a, flowToken);
      expect([seconds, done.tokens !== null]).toEqual([seconds, isInTime]);
      if (!isInTime)
        expect(done).toMatchObject({ flow: { status: 'EXPIRED' }, errors: [{ code: 'INVALID_TOKEN' }] });
    }
  });

  test('PUSH-06 the first answer stands, whatever comes after it', async () => {
    for (const [first, second] of [
      ['APPROVE', 'DENY'],
      ['DENY', 'APPROVE'],
      ['REPORT', 'APPROVE'],
    ] as const) {
      const owner = await userWithPhone(world);
      const { flowToken, number } = await ring(owner);
      const approval = await asked(owner.phone);
      const stood = await owner.phone.respond(approval, first, number);
      const before = await readFlow(world.a, flowToken);
      for (const decision of [second, first]) {
        expect(await owner.phone.respond(approval, decision, number)).toEqual({
          approval: stood.approval,
          errors: [expect.objectContaining({ code: 'CHALLENGE_CLOSED' })],
        });
      }
      expect(await readFlow(world.a, flowToken)).toEqual(before);
    }
  });

  test('PUSH-07 another phone can neither read nor answer, not even the same user’s', async () => {
    const [owner, stranger] = [await userWithPhone(world), await userWithPhone(world)];
    const stepUp = await world.a.mutate('startStepUp', {}, GOT, { authorization: owner.authorization });
    await approve(owner.phone, stepUp.flow.challenge.numberToMatch);
    const { tokens } = await complete(world.a, stepUp.flowToken);
    const spare = await owner.user.pairPhone(`Bearer ${tokens.accessToken as string}`, 'Spare');

    const { flowToken, number } = await ring(owner);
    const phones = [owner.phone, spare];
    const waiting = await Promise.all(phones.map((phone) => phone.approvals()));
    expect(waiting.map(({ length }) => length).sort()).toEqual([0, 1]);
    const [mine, notMine] = waiting[0]?.length === 1 ? [owner.phone, spare] : [spare, owner.phone];
    const approval = await asked(mine);
    for (const phone of [notMine, stranger.phone]) {
      expect(await phone.approvals()).toEqual([]);
      for (const decision of ['APPROVE', 'DENY', 'REPORT'] as const) {
        expect(await phone.respond(approval, decision, number)).toMatchObject({
          approval: null,
          errors: [{ code: 'NOT_FOUND' }],
        });
      }
    }
    expect((await readFlow(world.a, flowToken)).status).toBe('CHALLENGE_PENDING');
    expect((await mine.respond(approval, 'APPROVE', number)).approval?.status).toBe('APPROVED');
  });

  test('PUSH-07 a phone that is removed after the push went out cannot answer it', async () => {
    const owner = await userWithPhone(world);
    const { flowToken, number } = await ring(owner);
    const approval = await asked(owner.phone);
    await world.database.affected('UPDATE factor SET revoked_at = gateway_now() WHERE user_id = $1', [
      owner.user.id,
    ]);
    await world.database.affected('UPDATE device SET revoked_at = gateway_now() WHERE user_id = $1', [
      owner.user.id,
    ]);
    await expect(owner.phone.respond(approval, 'APPROVE', number)).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    expect((await readFlow(world.a, flowToken)).status).toBe('CHALLENGE_PENDING');
  });

  test('PUSH-13 an approval opens no session: that takes the flow token', async () => {
    const owner = await userWithPhone(world);
    const { flowId, flowToken, number } = await ring(owner);
    await approve(owner.phone, number);
    const ofFlow = () => world.database.rows('SELECT id FROM session WHERE flow_id = $1', [flowId]);
    expect(await ofFlow()).toEqual([]);
    for (const notIt of [flowId, 'A'.repeat(43)]) {
      expect(await complete(world.a, notIt)).toMatchObject({
        tokens: null,
        errors: [{ code: 'INVALID_TOKEN' }],
      });
    }
    await complete(world.a, flowToken);
    expect(await ofFlow()).toHaveLength(1);
  });
});
