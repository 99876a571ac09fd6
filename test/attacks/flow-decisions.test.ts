/**
 * The attack: a session below what is demanded, by a change of the policy at the right instant, by an older token, by a factor that
 * was removed, or by an administrator who cannot take a change back.
 * The guarantee: what lets the password alone in is checked again where the session opens; a token gets what it has proven.
 */
import { DEFAULT_POLICY } from '../../src/features/policy';
import { codeOf } from '../support/attempts';
import { describeOnServers, embedded } from '../support/backends';
import { approve } from '../support/phones';
import { ENFORCED, OPTIONAL, withPolicy } from '../support/policy';
import { GOT, World } from '../support/world';

const enforced = { ...DEFAULT_POLICY, enrollmentGraceDays: 0 };
const bearer = (got: { tokens: { accessToken: string } }): string => `Bearer ${got.tokens.accessToken}`;
const viewerOf = async (world: World, authorization: string) =>
  (await world.a.ask('{ viewer { id } }', {}, { authorization })).data?.viewer as { id: string } | null;

describe('a decision and its session', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded, { environment: withPolicy(ENFORCED) })));
  afterAll(() => world.close());

  test('ENR-07 a session with a factor enrolled in its flow stands after the deadline', async () => {
    const user = await world.user();
    const { flowToken } = await user.signIn();
    const done = await user.enrollTotpInFlow(flowToken as string);
    expect(await viewerOf(world, bearer(done))).toEqual({ id: user.id });
  });

  test('STP-03 a token from before a step-up gets nothing of what the session has proven since', async () => {
    const user = await world.user();
    await user.enrollTotpInFlow((await user.signIn()).flowToken as string);
    const stolen = bearer(await user.signInWithTotp());
    await world.advance(200);
    const ask = { authorization: stolen };
    const begun = await world.a.mutate('startStepUp', {}, GOT, ask);
    const proof = { code: await user.code() };
    const raised = await world.a.mutate('verifyChallenge', { flowToken: begun.flowToken, proof }, GOT);
    expect(raised.flow.status).toBe('COMPLETED');
    const wish = { minimumAssurance: 'AAL1', maxAgeSeconds: 86_400 };
    const late = await world.a.mutate('startStepUp', wish, GOT, ask);
    expect(late).toMatchObject({ tokens: null, flow: { status: 'CHALLENGE_PENDING' } });
    const own = await world.a.mutate('startStepUp', wish, GOT, { authorization: bearer(raised) });
    expect(own.flow).toMatchObject({ status: 'COMPLETED', reason: 'CHALLENGE_NOT_NEEDED' });
  });

  test('STP-02 a step-up that is used up is asked for anew, whatever its age', async () => {
    const admin = await world.user({ roles: ['USER', 'HELP_DESK', 'ADMIN'] });
    await admin.enrollTotpInFlow((await admin.signIn()).flowToken as string);
    const ask = { authorization: bearer(await admin.signInWithTotp()) };
    const change = async () => {
      const { version } = (await world.a.ask('{ policy { version } }', {}, ask)).data.policy;
      return world.a.mutate('updatePolicy', { version, pushDigits: 3 }, 'policy { version }', ask);
    };
    expect((await change()).errors).toEqual([]);
    expect((await change()).errors).toMatchObject([{ code: 'STEP_UP_REQUIRED', maxAgeSeconds: 0 }]);
  });

  test('RSK-01 a change that would lock its own administrator out is refused', async () => {
    const admin = await world.user({ roles: ['USER', 'HELP_DESK', 'ADMIN'] });
    await admin.enrollTotpInFlow((await admin.signIn()).flowToken as string);
    const ask = { authorization: bearer(await admin.signInWithTotp()) };
    const { version } = (await world.a.ask('{ policy { version } }', {}, ask)).data.policy;
    const networks = ['0.0.0.0/0', '::/0'];
    for (const change of [
      { rules: [{ name: 'closed', networks, isBlocking: true }] },
      { listedNetworks: networks, riskResponses: [{ signal: 'LISTED_NETWORK', response: 'BLOCK' }] },
      { riskResponses: [{ signal: 'NEW_DEVICE', response: 'BLOCK' }] },
      { allowedKinds: ['PUSH'] },
    ]) {
      const refused = await world.a.mutate('updatePolicy', { version, ...change }, 'policy { version }', ask);
      expect([change, codeOf(refused)]).toEqual([change, 'BLOCKED_BY_POLICY']);
    }
  });

  test('ENR-06 a flow that waits to be collected opens nothing once its factor is removed', async () => {
    const user = await world.user();
    await user.enrollTotpInFlow((await user.signIn()).flowToken as string);
    const phone = await user.pairPhone(bearer(await user.signInWithTotp()));
    const { flowToken, flow } = await user.signIn({ autoStart: false });
    const factorId = flow.factors.find(({ kind }: { kind: string }) => kind === 'PUSH').id as string;
    const asked = await world.a.mutate('startChallenge', { flowToken, factorId }, GOT);
    await approve(phone, asked.flow.challenge.numberToMatch as string);
    const ask = { authorization: bearer(await user.signInWithTotp()) };
    // Removing ends what is open; this flow is only waiting for its tokens.
    expect((await world.a.mutate('removeFactor', { factorId }, 'user { id }', ask)).errors).toEqual([]);
    expect(codeOf(await world.a.mutate('completeAuthFlow', { flowToken }, GOT))).toBe('INVALID_TOKEN');
  });
});

describeOnServers('a policy that changes while somebody signs in', (servers) => {
  test('ENR-07 what was decided by the old one opens no session under the new one', async () => {
    const world = await World.open(servers, { gateways: 2, environment: withPolicy(OPTIONAL) });
    const user = await world.user();
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    let isHolding = (): void => undefined;
    const holding = new Promise<void>((resolve) => (isHolding = resolve));
    const change = world.a.app.policies.change({
      values: enforced,
      basedOn: null,
      updatedBy: null,
      authorize: async () => {
        isHolding();
        await held;
      },
    });
    await holding;
    const signingIn = user.signIn({}, world.b);
    // Long enough for the sign-in to have been decided, and to wait.
    await new Promise((resolve) => setTimeout(resolve, 300));
    release();
    await change;
    expect(await signingIn).toMatchObject({ tokens: null, flow: { status: 'ENROLLMENT_REQUIRED' } });
    expect(await world.database.rows('SELECT id FROM session WHERE user_id = $1', [user.id])).toEqual([]);
    await world.close();
  });
});
