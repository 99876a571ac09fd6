/**
 * The attack: who knows the password rings the phone again and again, until its owner taps Approve to have peace, or
 * starts a sign-in of their own in the instant in which the owner waits for theirs.
 * The guarantee: one request waits at a time, a fresh one cannot be replaced by another browser, five in ten minutes
 * and fifteen in a day are the most until one is approved, and the number is on the owner's own screen only.
 */
import { codeOf } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import { approve, asked, ring, userWithPhone, type PhoneOwner } from '../support/phones';
import { GOT, World } from '../support/world';

describeOnEachBackend('ringing a phone', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  /** Signs in from a browser that nobody knows, and asks for the push by hand. */
  async function ringAsStranger({ user }: PhoneOwner) {
    const { flow, flowToken } = await user.signIn();
    const factorId = flow.factors[0].id as string;
    return {
      flowToken,
      factorId,
      started: await world.a.mutate('startChallenge', { flowToken, factorId }, GOT),
    };
  }

  test('PUSH-08 a second browser cannot replace a request in its first 20 seconds', async () => {
    const owner = await userWithPhone(world);
    const first = await ring(owner);
    await world.advance(19);
    const { started } = await ringAsStranger(owner);
    expect(started).toMatchObject({
      flow: { status: 'CHALLENGE_REQUIRED', challenge: null },
      errors: [{ code: 'TOO_SOON' }],
    });
    const retryAt = new Date(started.errors[0].retryAt);
    expect(retryAt.getTime() - world.clock.now().getTime()).toBe(1000);
    const { flow } = await owner.user.signIn({ deviceToken: owner.deviceToken });
    expect(flow).toMatchObject({ status: 'CHALLENGE_REQUIRED', challenge: null });
    expect((await asked(owner.phone)).id).toBe(first.challengeId);
  });

  test('PUSH-08 a later request replaces the earlier one, whose screen is told', async () => {
    const owner = await userWithPhone(world);
    const first = await ring(owner);
    const screen = world.a.follow(first.flowToken);
    await screen.until((flow) => flow.status === 'CHALLENGE_PENDING');
    const old = await asked(owner.phone);
    await world.advance(20);
    const { started } = await ringAsStranger(owner);
    expect(started).toMatchObject({ errors: [], flow: { status: 'CHALLENGE_PENDING' } });
    await screen.until(
      (flow) => flow.status === 'CHALLENGE_REQUIRED' && flow.reason === 'CHALLENGE_REPLACED',
    );
    screen.stop();
    expect((await asked(owner.phone)).id).toBe(started.flow.challenge.id);
    expect(await owner.phone.respond(old, 'APPROVE', first.number)).toMatchObject({
      approval: { status: 'CANCELED' },
      errors: [{ code: 'CHALLENGE_CLOSED' }],
    });
  });

  test('PUSH-08 of nine requests at once one waits', async () => {
    const owner = await userWithPhone(world);
    const begun = await Promise.all(
      Array.from({ length: 9 }, () => owner.user.signIn({ deviceToken: owner.deviceToken })),
    );
    expect(begun.filter(({ flow }) => flow?.status === 'CHALLENGE_PENDING').length).toBeGreaterThan(0);
    const open = await world.database.rows(
      `SELECT id FROM challenge WHERE user_id = $1 AND kind = 'PUSH' AND status = 'OPEN'`,
      [owner.user.id],
    );
    expect(open).toHaveLength(1);
    expect(await owner.phone.approvals()).toHaveLength(1);
  });

  test('PUSH-09 five times in ten minutes, then not again before they are over', async () => {
    const owner = await userWithPhone(world);
    const { flowToken, factorId, started } = await ringAsStranger(owner);
    expect(started.errors).toEqual([]);
    for (let times = 2; times <= 5; times += 1) {
      expect(codeOf(await world.a.mutate('startChallenge', { flowToken, factorId }, GOT))).toBe('TOO_SOON');
      await world.advance(30);
      expect(codeOf(await world.a.mutate('startChallenge', { flowToken, factorId }, GOT))).toBeUndefined();
    }
    await world.advance(30);
    const sixth = await world.a.mutate('startChallenge', { flowToken, factorId }, GOT);
    expect(sixth.errors).toMatchObject([{ code: 'RATE_LIMITED' }]);
    expect(new Date(sixth.errors[0].retryAt).getTime() - world.clock.now().getTime()).toBe(
      (600 - 150) * 1000,
    );
    const { flow } = await owner.user.signIn({ deviceToken: owner.deviceToken });
    expect(flow).toMatchObject({ status: 'CHALLENGE_REQUIRED', challenge: null });
    const sent = await world.database.rows(`SELECT id FROM challenge WHERE user_id = $1 AND kind = 'PUSH'`, [
      owner.user.id,
    ]);
    expect(sent).toHaveLength(5);
    await world.advance(450);
    await ring(owner);
  });

  test('PUSH-09 the owner who approves begins to count anew', async () => {
    const owner = await userWithPhone(world);
    for (let times = 1; times <= 8; times += 1) {
      const { number } = await ring(owner);
      expect((await approve(owner.phone, number)).approval?.status).toBe('APPROVED');
    }
  });

  test('PUSH-09 fifteen times in a day', async () => {
    const owner = await userWithPhone(world);
    for (let times = 1; times <= 15; times += 1) {
      await ring(owner);
      await owner.phone.respond(await asked(owner.phone), 'DENY');
      if (times % 5 === 0) await world.advance(600);
    }
    const { flow, flowToken } = await owner.user.signIn({ deviceToken: owner.deviceToken });
    const factorId = flow.factors[0].id as string;
    expect(codeOf(await world.a.mutate('startChallenge', { flowToken, factorId }, GOT))).toBe('RATE_LIMITED');
  });
});
