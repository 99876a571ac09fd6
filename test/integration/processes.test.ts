/**
 * Two gateways as they are deployed: processes of their own on one PostgreSQL and one Redis. Whatever a process was
 * doing when it died, the other one goes on from what is committed.
 */
import { describeOnServers } from '../support/backends';
import { GatewayProcess } from '../support/gateway-process';
import { asked, complete, phoneAt, ring, userWithPhone } from '../support/phones';
import { seededRandom } from '../support/random';
import { SocketPeer } from '../support/socket-peer';
import { FLOW, GOT, World, type TestUser } from '../support/world';

const CRASHES = 3;
const ANSWERS = 8;
const SENT_WITHIN_MS = 30;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

interface Waiting {
  readonly user: TestUser;
  readonly flowId: string;
  readonly answer: { readonly flowToken: string; readonly proof: { readonly code: string } };
}
interface Payload {
  readonly tokens: { readonly session: { readonly id: string } } | null;
}

describeOnServers('gateways in processes of their own', (backend) => {
  let world: World;
  let first: GatewayProcess;
  let second: GatewayProcess;
  beforeAll(async () => {
    world = await World.open(backend, { isRealTime: true });
    [first, second] = await Promise.all([GatewayProcess.start(world), GatewayProcess.start(world)]);
  }, 120_000);
  afterAll(async () => {
    await Promise.all([first.stop(), second.stop()]);
    await world.close();
  });

  /** A user with an app, who waits at `gateway` for the code to be typed. */
  async function waiting(gateway: GatewayProcess): Promise<Waiting> {
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
      `SELECT (SELECT t.last_step > extract(epoch FROM f.created_at) / 30 FROM totp_secret t JOIN factor f ON f.id = t.factor_id
          WHERE f.user_id = $1) AS is_used,
         ARRAY(SELECT id FROM session WHERE flow_id = $2) AS sessions`,
      [user.id, flowId],
    );
    if (!row) throw new Error('the user has no app');
    return row;
  };

  const isAnySessionOf = async (begun: readonly Waiting[]): Promise<boolean> =>
    (await world.database.row('SELECT FROM session WHERE flow_id = ANY($1) LIMIT 1', [
      begun.map(({ flowId }) => flowId),
    ])) !== undefined;

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

  it(`killed while it answers codes: a code is used if and only if its session exists (${String(CRASHES)} times)`, async () => {
    const random = seededRandom(20_261_124);
    for (let times = 0; times < CRASHES; times += 1) {
      const begun = await Promise.all(Array.from({ length: ANSWERS }, () => waiting(second)));
      // So that the answers meet a process that is warm: its pool is open, its code compiled.
      await first.mutate('verifyChallenge', (await waiting(first)).answer, GOT);
      const sent = begun.map(async ({ answer }) => {
        await pause(random() * SENT_WITHIN_MS);
        return first.mutate('verifyChallenge', answer, GOT).catch(() => undefined);
      });
      // From the first commit on: some answers are done then, some on their way back, some still to be committed.
      while (!(await isAnySessionOf(begun))) await pause(1);
      await pause(random() * 30);
      const crashed = first.crash();
      const replies = await Promise.all(sent);
      await Promise.all(begun.map((flow, index) => expectWholeOrNothing(flow, replies[index])));
      await crashed;
      first = await GatewayProcess.start(world);
    }
  }, 180_000);

  /** `replied` is what the process said before it died. The same call to the other process follows. */
  async function expectWholeOrNothing({ user, flowId, answer }: Waiting, replied?: Payload): Promise<void> {
    const { isUsed, sessions } = await stateOf(user, flowId);
    expect(sessions).toHaveLength(isUsed ? 1 : 0);
    if (replied) expect([replied.tokens?.session.id]).toEqual(sessions);
    const repeated: Payload = await second.mutate('verifyChallenge', answer, GOT);
    expect(repeated).toMatchObject({ errors: [], flow: { status: 'COMPLETED' } });
    if (isUsed) expect([repeated.tokens?.session.id]).toEqual(sessions);
    expect(await stateOf(user, flowId)).toEqual({ isUsed: true, sessions: [repeated.tokens?.session.id] });
  }

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
    expect(performance.now() - began).toBeLessThan(10_000);
    await expect(fetch(`${first.url}/healthz`)).rejects.toThrow();

    const screen = second.follow(answer.flowToken);
    await screen.until((flow) => flow.status === 'CHALLENGE_PENDING');
    await second.mutate('verifyChallenge', answer, GOT);
    await screen.until((flow) => flow.status === 'COMPLETED');
    await screen.ended;
  });
});
