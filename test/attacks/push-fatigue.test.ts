/**
 * The attack: somebody who has the password rings the phone again and again, until its owner approves to have peace.
 * The guarantee: three refused or unanswered requests in a row silence the phone for an hour, a report for twenty minutes;
 * other factors stay usable, and a right answer begins the count anew.
 */
import { codeOf } from '../support/attempts';
import { describeOnEachBackend } from '../support/backends';
import { GOT, World, type TestUser } from '../support/world';

describeOnEachBackend('push fatigue', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  const lift = () =>
    world.database.affected(`DELETE FROM limit_counter WHERE key LIKE 'flow:%' OR key LIKE 'start-PUSH%'`);

  async function ring(user: TestUser) {
    await lift();
    const begun = await user.signIn({ autoStart: false });
    const factorId = begun.flow.factors.find((factor: { kind: string }) => factor.kind === 'PUSH').id;
    const got = await world.a.mutate('startChallenge', { flowToken: begun.flowToken, factorId }, GOT);
    return { ...got, flowToken: begun.flowToken as string };
  }

  async function decide(user: TestUser, decision: 'APPROVE' | 'DENY' | 'REPORT', number?: string) {
    const phone = user.phones[0];
    const asked = (await phone?.approvals())?.at(-1);
    if (!phone || !asked) throw new Error('nothing waits on the phone');
    const { errors } = await phone.send(await phone.answer(asked, decision, number));
    expect(errors).toEqual([]);
  }

  async function person(): Promise<TestUser> {
    const user = await world.user();
    await user.pairPhone();
    return user;
  }

  it('PUSH-09 after three denials the phone is not rung for an hour, and then it is', async () => {
    const user = await person();
    for (let rings = 0; rings < 3; rings += 1) {
      await ring(user);
      await decide(user, 'DENY');
      await world.advance(30);
    }
    const refused = await ring(user);
    expect(codeOf(refused)).toBe('RATE_LIMITED');
    const wait = Date.parse(refused.errors[0].retryAt as string) - world.now().getTime();
    expect(wait).toBeGreaterThan(3500_000);
    expect(wait).toBeLessThanOrEqual(3600_000);
    expect(refused.flow.factors[0].usableFrom).toBe(refused.errors[0].retryAt);
    await world.advance(3601);
    expect((await ring(user)).errors).toEqual([]);
  });

  it('requests that nobody answers count as refused, before anything has recorded it', async () => {
    const user = await person();
    for (let rings = 0; rings < 3; rings += 1) {
      expect((await ring(user)).errors).toEqual([]);
      await world.advance(121);
    }
    expect(codeOf(await ring(user))).toBe('RATE_LIMITED');
  });

  it('an approval in between begins the count anew', async () => {
    const user = await person();
    for (const decision of ['DENY', 'DENY', 'APPROVE', 'DENY', 'DENY'] as const) {
      const { flow, errors } = await ring(user);
      expect(errors).toEqual([]);
      await decide(user, decision, decision === 'APPROVE' ? flow.challenge.numberToMatch : undefined);
      await world.advance(30);
    }
    expect((await ring(user)).errors).toEqual([]);
  });

  it('PUSH-10 a report ends the flow, silences the phone for twenty minutes, and is told to the user', async () => {
    const user = await person();
    // The phone is older than the sign-in that it reports: the account stays in its owner's hands.
    await world.advance(60);
    await ring(user);
    await decide(user, 'REPORT');
    expect(codeOf(await ring(user))).toBe('RATE_LIMITED');
    const subjects = (await world.inbox()).filter(({ to }) => to === user.email).map((mail) => mail.subject);
    expect(subjects).toContain('Factorgate: A sign-in was reported');
    await world.advance(1201);
    expect((await ring(user)).errors).toEqual([]);
  });
});
