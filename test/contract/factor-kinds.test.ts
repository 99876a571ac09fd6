/**
 * What every kind of factor must hold, played through the real product: one suite, run for each line of the registry.
 */
import { factorKinds } from '../../src/features/factors';
import { describeOnEachBackend } from '../support/backends';
import { SENDING } from '../support/sent-codes';
import { GOT, World, type TestUser } from '../support/world';
import { players, type Got, type Player } from './players';

describeOnEachBackend('the contract of a factor kind', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { environment: SENDING })));
  afterAll(() => world.close());

  it('has a player for each kind of the registry', () => {
    expect(Object.keys(players).sort()).toEqual(factorKinds.map((module) => module.kind).sort());
  });

  describe.each(factorKinds.map((module) => [module.kind, module] as const))('%s', (kind, module) => {
    const player = players[kind] as Player;

    async function enrolled(): Promise<TestUser> {
      const user = await world.user();
      await player.enroll(user);
      await world.advance(60);
      return user;
    }
    /** Signs in and opens the challenge of the kind. */
    async function asked(user: TestUser): Promise<Got> {
      const got = await user.signIn({ autoStart: false });
      const factorId = got.flow.factors.find((factor: { kind: string }) => factor.kind === kind).id;
      const started = await world.a.mutate('startChallenge', { flowToken: got.flowToken, factorId }, GOT);
      expect(started.errors).toEqual([]);
      return { ...started, flowToken: got.flowToken };
    }

    it('is asked for at the next sign-in, and its proof opens an AAL2 session that names it', async () => {
      const user = await enrolled();
      const got = await asked(user);
      expect(got.flow).toMatchObject({ status: 'CHALLENGE_PENDING', challenge: { kind } });
      const done = await player.answer(world, user, got);
      expect(done.errors).toEqual([]);
      expect(done.tokens.session.assurance).toBe('AAL2');
      // What stands in for a lost factor is not named: the factor that it led to is.
      const amr = module.traits.isTemporary ? ['otp'] : module.traits.amr;
      expect(done.tokens.session.methods).toEqual(['pwd', ...amr, 'mfa']);
    });

    it('opens nothing for a wrong answer', async () => {
      const user = await enrolled();
      const got = await asked(user);
      expect(await player.answerWrongly(world, user, got)).toEqual([
        module.traits.proofField === 'code' ? 'INVALID_CODE' : 'INVALID_PROOF',
      ]);
      const { data } = await world.a.ask('query($t: String!) { authFlow(flowToken: $t) { status } }', {
        t: got.flowToken,
      });
      expect(data.authFlow.status).toBe('CHALLENGE_PENDING');
      expect(await world.database.rows('SELECT 1 FROM session WHERE flow_id = $1', [got.flow.id])).toEqual(
        [],
      );
    });

    // With its one use what stands in for a lost factor ends every other flow: see rec-completion.test.ts.
    if (!module.traits.isTemporary)
      it('accepts one answer once', async () => {
        const user = await enrolled();
        await player.answer(world, user, await asked(user));
        const again = await asked(user);
        expect(await player.repeat(world, user, again)).toHaveLength(1);
        const { data } = await world.a.ask('query($t: String!) { authFlow(flowToken: $t) { status } }', {
          t: again.flowToken,
        });
        expect(data.authFlow.status).toBe('CHALLENGE_PENDING');
      });

    it('is no use once it is removed, also for a question that was open', async () => {
      const user = await enrolled();
      const got = await asked(user);
      await world.database.affected('UPDATE factor SET revoked_at = gateway_now() WHERE user_id = $1', [
        user.id,
      ]);
      await player.answer(world, user, got).then(
        (done) => expect(done.tokens).toBeNull(),
        () => undefined,
      );
      expect(await world.database.rows('SELECT 1 FROM session WHERE flow_id = $1', [got.flow.id])).toEqual(
        [],
      );
    });

    if (!module.graphql.setupType) {
      it('is not enrolled by itself', async () => {
        const user = await world.user();
        await player.enroll(user);
        const ask = { authorization: await stepUp(user) };
        const refused = await world.a.mutate('startEnrollment', { kind }, 'enrollment { id }', ask);
        expect(refused).toMatchObject({ enrollment: null, errors: [{ code: 'FACTOR_NOT_AVAILABLE' }] });
        const { data } = await world.a.ask('{ viewer { enrollableKinds } }', {}, ask);
        expect(data.viewer.enrollableKinds).not.toContain(kind);
      });
      return;
    }

    it('cannot be enrolled more often than its limit', async () => {
      const user = await world.user();
      await player.enroll(user);
      const authorization = await stepUp(user);
      await world.database.affected(
        `INSERT INTO factor (id, user_id, kind) SELECT 'fct_' || $1 || n, $1, $2 FROM generate_series(2, $3::int) AS n`,
        [user.id, kind, module.traits.limitPerUser],
      );
      const refused = await world.a.mutate('startEnrollment', { kind }, 'enrollment { id }', {
        authorization,
      });
      expect(refused).toMatchObject({ enrollment: null, errors: [{ code: 'FACTOR_LIMIT_REACHED' }] });
      const { data } = await world.a.ask('{ viewer { enrollableKinds } }', {}, { authorization });
      expect(data.viewer.enrollableKinds).not.toContain(kind);
    });

    async function stepUp(user: TestUser): Promise<string> {
      await world.advance(60);
      const done = await player.answer(world, user, await asked(user));
      return `Bearer ${done.tokens.accessToken as string}`;
    }
  });
});
