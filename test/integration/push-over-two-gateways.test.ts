/** Push over two gateways on one PostgreSQL and one Redis: the waiting screen hears of every answer, once. */
import { Redis } from 'ioredis';
import { describeOnServers, postgres, type Backend } from '../support/backends';
import { approve, asked, complete, phoneAt, ring, userWithPhone, type PhoneOwner } from '../support/phones';
import { startRedis, type RedisServer } from '../support/redis';
import { seededBelow } from '../support/seeded';
import { World } from '../support/world';

const SIGN_INS = Number(process.env['FACTORGATE_SIGN_INS'] ?? 500);
const USERS = 10;

const status = (wanted: string) => (flow: { status: string }) => flow.status === wanted;

describeOnServers('push over two gateways', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  it('starts on A, is followed on B, answered on A and completed on B', async () => {
    const owner = await userWithPhone(world);
    const { flowToken, number } = await ring(owner, world.a);
    const screen = world.b.follow(flowToken);
    await screen.until(status('CHALLENGE_PENDING'));
    await approve(owner.phone, number);
    await screen.until(status('VERIFIED'));
    const done = await complete(world.b, flowToken);
    expect(done.tokens.session).toMatchObject({
      assurance: 'AAL2',
      methods: ['pwd', 'swk', 'mca', 'user', 'mfa'],
    });
    await screen.ended;
    expect(screen.states.at(-1)).toMatchObject({ status: 'COMPLETED' });
  });

  it(`loses no result of ${SIGN_INS} sign-ins, however answer and subscription meet`, async () => {
    const below = seededBelow(20_261_124);
    const owners: PhoneOwner[] = [];
    for (let count = 0; count < USERS; count += 1) owners.push(await userWithPhone(world));
    const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
    let seen = 0;
    for (let round = 0; round < SIGN_INS / USERS; round += 1) {
      // The windows of the limits on flows and pushes are over.
      await world.advance(700);
      const gaps = owners.map(() => [below(51), below(51)] as const);
      await Promise.all(
        owners.map(async (owner, index) => {
          const [before, after] = gaps[index] ?? [0, 0];
          const { flowToken, number } = await ring(owner, world.a);
          const answered = pause(before).then(() => approve(owner.phone, number));
          await pause(after);
          const screen = world.b.follow(flowToken, 'status');
          await screen.until(status('VERIFIED'));
          await answered;
          screen.stop();
          seen += 1;
        }),
      );
    }
    expect(seen).toBe(SIGN_INS);
  }, 240_000);

  it('knows one outcome when approve and deny come at once', async () => {
    for (let run = 0; run < 25; run += 1) {
      await world.advance(700);
      const owner = await userWithPhone(world);
      const { flowToken, number, flowId } = await ring(owner, world.a);
      const screen = world.b.follow(flowToken, 'status reason');
      await screen.until(status('CHALLENGE_PENDING'));
      const request = await asked(owner.phone);
      const [atA, atB] = [owner.phone, phoneAt(owner.phone, world.b, world)];
      const [approved, denied] = await Promise.all([
        atA.respond(request, 'APPROVE', number),
        atB.respond(request, 'DENY'),
      ]);
      const accepted = [approved, denied].filter((answer) => answer.errors.length === 0);
      expect(accepted).toHaveLength(1);
      const isApproved = approved.errors.length === 0;
      const refused = isApproved ? denied : approved;
      expect(refused.errors.map((error) => error.code)).toEqual(['CHALLENGE_CLOSED']);
      expect(accepted[0]?.approval?.status).toBe(isApproved ? 'APPROVED' : 'DENIED');
      const end = await screen.until(status(isApproved ? 'VERIFIED' : 'CHALLENGE_REQUIRED'));
      expect(end.reason).toBe(isApproved ? null : 'USER_DENIED');
      const rows = await world.database.rows('SELECT status FROM challenge WHERE flow_id = $1', [flowId]);
      expect(rows).toEqual([{ status: isApproved ? 'ACCEPTED' : 'DENIED' }]);
      screen.stop();
    }
  }, 120_000);

  it('changes nothing when Redis is emptied under a waiting screen', async () => {
    const owner = await userWithPhone(world);
    const { flowToken, number } = await ring(owner, world.a);
    const screen = world.b.follow(flowToken, 'status');
    await screen.until(status('CHALLENGE_PENDING'));
    const redis = new Redis(world.redisUrl ?? '');
    await redis.flushall();
    redis.disconnect();
    await approve(owner.phone, number);
    await screen.until(status('VERIFIED'));
    expect((await complete(world.a, flowToken)).tokens).not.toBeNull();
  });
});

describeOnServers('push while Redis is away', () => {
  let redis: RedisServer;
  let world: World;
  beforeAll(async () => {
    redis = (await startRedis()) as RedisServer;
    const backend: Backend = {
      name: 'servers',
      open: async () => ({ ...(await postgres.open()), redisUrl: redis.url }),
    };
    world = await World.open(backend, { gateways: 2 });
  });
  afterAll(async () => {
    await world.close();
    await redis.stop();
  });

  it('shows the answer within three seconds when Redis dies after the push went out', async () => {
    const owner = await userWithPhone(world);
    const { flowToken, number } = await ring(owner, world.a);
    const screen = world.b.follow(flowToken, 'status');
    await screen.until(status('CHALLENGE_PENDING'));
    await redis.kill();
    await approve(owner.phone, number);
    const answered = performance.now();
    await screen.until(status('VERIFIED'));
    // The look comes every 3 s; half a second is for a busy machine to deliver it.
    expect(performance.now() - answered).toBeLessThan(3500);
    expect((await complete(world.b, flowToken)).tokens).not.toBeNull();
  }, 30_000);

  it('signs in with password and app as before', async () => {
    const user = await world.user();
    await user.enrollTotp();
    expect((await user.signInWithTotp(world.b)).tokens.session.assurance).toBe('AAL2');
  });
});
