/**
 * Two gateways as they are deployed: processes of their own on one PostgreSQL and one Redis. Whatever a process was
 * doing when it died, the other one goes on from what is committed.
 */
import { describeOnServers } from '../support/backends';
import { GatewayProcess } from '../support/gateway-process';
import { asked, complete, phoneAt, ring, userWithPhone } from '../support/phones';
import { seededRandom } from '../support/random';
import { SocketPeer } from '../support/socket-peer';
import { FLOW, GOT, PASSWORD, World, type TestUser } from '../support/world';

const CRASHES = 15;

describeOnServers('gateways in processes of their own', (backend) => {
  let world: World;
  let first: GatewayProcess;
  let second: GatewayProcess;
  beforeAll(async () => {
    world = await World.open(backend, { isRealTime: true });
    [first, second] = await Promise.all([GatewayProcess.start(world), GatewayProcess.start(world)]);
  });
  afterAll(async () => {
    await Promise.all([first.stop(), second.stop()]);
    await world.close();
  });

  /** A user with an app, who waits at `gateway` for the code to be typed. */
  async function waiting(gateway: GatewayProcess) {
    const user = await world.user();
    await user.enrollTotp();
    const { flow, flowToken } = await user.signIn({}, gateway);
    // The code of the next step: that of the present one was used to enroll.
    const answer = { flowToken: flowToken as string, proof: { code: await user.code(1) } };
    return { user, flowId: flow.id as string, answer };
  }

  /** Whether the code was used up, and which session the flow has, at one instant. */
  const stateOf = async (user: TestUser, flowId: string) => {
    const row = await world.database.row<{ isUsed: boolean; sessions: string[] }>(
      `SELECT 
         (SELECT t.last_step > extract(epoch FROM f.created_at) / 30 FROM totp_secret t JOIN factor f ON f.id = t.factor_id
          WHERE f.user_id = $1) AS is_used,
         ARRAY(SELECT id FROM session WHERE flow_id = $2) AS sessions`,
      [user.id, flowId],
    );
    if (!row) throw new Error('the user has no app');
    return row;
  };

  it('sign a user in across both, by code and by phone', async () => {
    const { answer } = await waiting(first);
    const done = await second.mutate('verifyChallenge', answer, GOT);
    expect(done).toMatchObject({ errors: [], flow: { status: 'COMPLETED' } });
    const authorization = `Bearer ${done.tokens.accessToken as string}`;
    expect((await first.ask('{ viewer { id } }', {}, { authorization })).data.viewer).not.toBeNull();

    const owner = await userWithPhone(world);
    const { flowToken, number } = await ring(owner, first);
    const screen = second.follow(flowToken);
    // No test calls the outbox here: the process that queued the push sends it by itself.
    await screen.until((flow) => flow.challenge?.delivery === 'SENT');
    const phone = phoneAt(owner.phone, first, world);
    await phone.respond(await asked(phone), 'APPROVE', number);
    await screen.until((flow) => flow.status === 'VERIFIED');
    expect((await complete(second, flowToken)).tokens).not.toBeNull();
    await screen.ended;
  });

  it(`killed while a code is answered (${String(CRASHES)} times): the code is used if and only if its session exists`, async () => {
    const random = seededRandom(20_261_124);
    const outcomes: boolean[] = [];
    for (let times = 0; times < CRASHES; times += 1) {
      const { user, flowId, answer } = await waiting(second);
      // So that the answer meets a process that is warm: its pool is open, its code compiled.
      await first.mutate('signIn', { email: user.email, password: PASSWORD }, GOT);
      const reply = first.mutate('verifyChallenge', answer, GOT).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, random() * 30));
      first.crash();
      const replied = await reply;
      const restarted = GatewayProcess.start(world);
      const { isUsed, sessions } = await stateOf(user, flowId);
      expect([isUsed, sessions.length]).toEqual(isUsed ? [true, 1] : [false, 0]);
      if (replied) expect([replied.tokens.session.id]).toEqual(sessions);

      const repeated = await second.mutate('verifyChallenge', answer, GOT);
      expect(repeated).toMatchObject({ errors: [], flow: { status: 'COMPLETED' } });
      if (sessions.length > 0) expect([repeated.tokens.session.id]).toEqual(sessions);
      expect(await stateOf(user, flowId)).toMatchObject({
        isUsed: true,
        sessions: [repeated.tokens.session.id],
      });
      outcomes.push(isUsed);
      await first.stop();
      first = await restarted;
    }
    expect(outcomes).toHaveLength(CRASHES);
  }, 120_000);

  it('told to stop, sends its screens to the other one and ends within seconds', async () => {
    const { answer } = await waiting(second);
    const peer = await SocketPeer.ready(first.port);
    const query = `subscription($flowToken: String!) { authFlow(flowToken: $flowToken) { ${FLOW} } }`;
    peer.subscribe('1', query, { flowToken: answer.flowToken });
    await peer.next('next');
    const began = performance.now();
    const stopped = first.stop();
    expect(await peer.closed).toBe(1012);
    await stopped;
    expect(performance.now() - began).toBeLessThan(8000);
    await expect(fetch(`${first.url}/healthz`)).rejects.toThrow();

    const screen = second.follow(answer.flowToken);
    await screen.until((flow) => flow.status === 'CHALLENGE_PENDING');
    await second.mutate('verifyChallenge', answer, GOT);
    await screen.until((flow) => flow.status === 'COMPLETED');
    await screen.ended;
  });
});
