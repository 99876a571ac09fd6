import { describeOnEachBackend } from '../support/backends';
import { approve, asked, complete, otherNumber, ring, userWithPhone } from '../support/phones';
import { GOT, World } from '../support/world';

describeOnEachBackend('signing in by approving on a phone', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  it('shows a number, hears how far the push has come, and opens the session when it is approved', async () => {
    const { user, phone, deviceToken } = await userWithPhone(world);
    const begun = await user.signIn({ deviceToken });
    expect(begun).toMatchObject({
      tokens: null,
      errors: [],
      flow: {
        status: 'CHALLENGE_PENDING',
        challenge: {
          __typename: 'PushChallenge',
          kind: 'PUSH',
          sentTo: 'Pixel 9',
          numberToMatch: expect.stringMatching(/^\d\d$/),
          delivery: 'QUEUED',
        },
      },
    });
    const screen = world.a.follow(begun.flowToken);
    await screen.until((flow) => flow.challenge?.delivery === 'QUEUED');
    await world.a.app.outbox.deliverDue();
    await screen.until((flow) => flow.challenge?.delivery === 'SENT');
    const approval = await asked(phone);
    expect(approval).toMatchObject({ purpose: 'SIGN_IN', numberDigits: 2, message: null });
    await screen.until((flow) => flow.challenge?.delivery === 'RECEIVED');

    const answer = await phone.respond(approval, 'APPROVE', begun.flow.challenge.numberToMatch);
    expect(answer).toMatchObject({ approval: { status: 'APPROVED' }, errors: [] });
    await screen.until((flow) => flow.status === 'VERIFIED');
    const done = await complete(world.a, begun.flowToken);
    expect(done).toMatchObject({ errors: [], flow: { status: 'COMPLETED' } });
    expect(done.tokens.session.assurance).toBe('AAL2');
    expect([...done.tokens.session.methods].sort()).toEqual(['mca', 'mfa', 'pwd', 'swk', 'user']);
    await screen.ended;
    expect(screen.states.map((flow) => [flow.status, flow.challenge?.delivery])).toEqual([
      ['CHALLENGE_PENDING', 'QUEUED'],
      ['CHALLENGE_PENDING', 'SENT'],
      ['CHALLENGE_PENDING', 'RECEIVED'],
      ['VERIFIED', undefined],
      ['COMPLETED', undefined],
    ]);
  });

  it('tells the phone that is listening of the request as it comes', async () => {
    const owner = await userWithPhone(world);
    let stop = (): void => undefined;
    const heard = new Promise<string>((resolve) => {
      const stream = owner.phone.follow((approval) => resolve(approval.id));
      stop = () => stream.stop();
    });
    const { challengeId } = await ring(owner);
    expect(await heard).toBe(challengeId);
    stop();
  });

  it('goes back to the choice of factors when the phone denies, and can ask again', async () => {
    const owner = await userWithPhone(world);
    const { flowToken } = await ring(owner);
    const screen = world.a.follow(flowToken);
    const approval = await asked(owner.phone);
    expect((await owner.phone.respond(approval, 'DENY')).approval?.status).toBe('DENIED');
    const denied = await screen.until((flow) => flow.status === 'CHALLENGE_REQUIRED');
    expect(denied).toMatchObject({ reason: 'USER_DENIED', challenge: null, factors: [{ kind: 'PUSH' }] });

    const factorId = denied.factors[0].id as string;
    const again = await world.a.mutate('startChallenge', { flowToken, factorId }, GOT);
    await approve(owner.phone, again.flow.challenge.numberToMatch);
    expect((await complete(world.a, flowToken)).tokens).not.toBeNull();
    screen.stop();
  });

  it('ends the flow when the phone reports it', async () => {
    const owner = await userWithPhone(world);
    const { flowToken, flowId } = await ring(owner);
    const screen = world.a.follow(flowToken);
    await owner.phone.respond(await asked(owner.phone), 'REPORT');
    await screen.until((flow) => flow.status === 'DENIED' && flow.reason === 'USER_REPORTED');
    await screen.ended;
    expect(await complete(world.a, flowToken)).toMatchObject({
      tokens: null,
      flow: { status: 'DENIED' },
      errors: [{ code: 'INVALID_TOKEN' }],
    });
    const event = await world.database.row<{ type: string }>(
      `SELECT type FROM audit_event WHERE flow_id = $1 AND type = 'APPROVAL_REPORTED'`,
      [flowId],
    );
    expect(event).toBeDefined();
  });

  it('says on the screen that the wrong number was typed', async () => {
    const owner = await userWithPhone(world);
    const { flowToken, number } = await ring(owner);
    const screen = world.a.follow(flowToken);
    const answer = await owner.phone.respond(await asked(owner.phone), 'APPROVE', otherNumber(number));
    expect(answer).toMatchObject({ approval: { status: 'DENIED' }, errors: [] });
    await screen.until((flow) => flow.status === 'CHALLENGE_REQUIRED' && flow.reason === 'NUMBER_MISMATCH');
    screen.stop();
  });

  it('says on the screen that nobody answered, without any request of the page', async () => {
    const { flowToken } = await ring(await userWithPhone(world));
    const screen = world.a.follow(flowToken);
    await screen.until((flow) => flow.status === 'CHALLENGE_PENDING');
    await world.advance(120);
    await screen.until(
      (flow) => flow.status === 'CHALLENGE_REQUIRED' && flow.reason === 'CHALLENGE_TIMED_OUT',
    );
    screen.stop();
  });

  it('ends the stream when the whole flow has run out', async () => {
    const { flowToken } = await ring(await userWithPhone(world));
    const screen = world.a.follow(flowToken);
    await screen.until((flow) => flow.status === 'CHALLENGE_PENDING');
    await world.advance(600);
    await world.a.app.watchers.flows.lookNow();
    await screen.until((flow) => flow.status === 'EXPIRED');
    await screen.ended;
  });

  it('rings no phone by itself for a browser that was never seen before', async () => {
    const [owner, stranger] = [await userWithPhone(world), await userWithPhone(world)];
    for (const deviceToken of [undefined, stranger.deviceToken, 'A'.repeat(43)]) {
      const { flow } = await owner.user.signIn({ deviceToken });
      expect(flow).toMatchObject({
        status: 'CHALLENGE_REQUIRED',
        challenge: null,
        factors: [{ kind: 'PUSH' }],
      });
      expect(await owner.phone.approvals()).toEqual([]);
    }
    const begun = await owner.user.signIn({ deviceToken: owner.deviceToken, autoStart: false });
    expect(begun.flow.status).toBe('CHALLENGE_REQUIRED');
    const factorId = begun.flow.factors[0].id as string;
    await world.a.mutate('startChallenge', { flowToken: begun.flowToken, factorId }, GOT);
    expect(await owner.phone.approvals()).toHaveLength(1);
  });

  it('lets the user take the authenticator app instead; the phone has nothing to answer any more', async () => {
    const user = await world.user();
    const { deviceToken } = (await user.signIn()).tokens;
    await user.enrollTotp();
    const { tokens } = await user.signInWithTotp();
    const phone = await user.pairPhone(`Bearer ${tokens.accessToken as string}`);
    await world.advance(60);
    const { flow, flowToken } = await user.signIn({ deviceToken });
    expect(flow.factors.map((factor: { kind: string }) => factor.kind)).toEqual([
      'PUSH',
      'TOTP',
      'BACKUP_CODE',
    ]);
    expect(flow.challenge.kind).toBe('PUSH');
    const approval = await asked(phone);

    const factorId = flow.factors[1].id as string;
    const switched = await world.a.mutate('startChallenge', { flowToken, factorId }, GOT);
    expect(switched.flow.challenge).toMatchObject({ __typename: 'CodeChallenge', kind: 'TOTP' });
    expect(await phone.approvals()).toEqual([]);
    expect(await phone.respond(approval, 'APPROVE', flow.challenge.numberToMatch)).toMatchObject({
      approval: { status: 'CANCELED' },
      errors: [{ code: 'CHALLENGE_CLOSED' }],
    });
    const proof = { code: await user.code() };
    const done = await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
    expect(done.tokens.session.methods).toEqual(['pwd', 'otp', 'mfa']);
  });
});
