/**
 * The attack: using text messages, which can be intercepted, where the organisation has turned them off: by a factor that
 * was enrolled before, by its id, or by enrolling one.
 * The guarantee: a kind that the policy does not allow is neither shown nor started nor enrolled, and never stands for a
 * second factor.
 */
import { codeOf, liftFlowLimit, mailedCode } from '../support/attempts';
import { embedded } from '../support/backends';
import { policy } from '../support/policy-facts';
import {
  SENDING,
  arrived,
  askCode,
  enrollByCode,
  freshNumber,
  kindsOf,
  userWithNumber,
} from '../support/sent-codes';
import { GOT, World } from '../support/world';

describe('SMS-08 a policy without SMS', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded, { environment: SENDING })));
  afterAll(() => world.close());
  beforeEach(() => put(null));

  const put = (allowedKinds: string[] | null) =>
    world.a.app.policies.change({
      values: policy({ requirement: 'OPTIONAL', allowedKinds }),
      basedOn: null,
      updatedBy: null,
    });

  test('hides the factor and starts nothing by its id', async () => {
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const phoneNumber = freshNumber();
    const factorId = await enrollByCode(world, user, { phoneNumber }, authorization);
    const { flowToken } = await askCode(world, user, factorId);
    const proof = { code: await mailedCode(world, phoneNumber) };
    const { tokens } = await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
    await user.enrollTotp(`Bearer ${tokens.accessToken as string}`);
    expect(kindsOf((await user.signIn({ autoStart: false })).flow)).toEqual(['TOTP', 'SMS']);

    await put(['TOTP', 'PUSH', 'BACKUP_CODE']);
    const sent = (await arrived(world, phoneNumber)).length;
    const begun = await user.signIn();
    expect(kindsOf(begun.flow)).toEqual(['TOTP']);
    expect(begun.flow.challenge.kind).toBe('TOTP');
    const started = await world.a.mutate('startChallenge', { flowToken: begun.flowToken, factorId }, GOT);
    expect(codeOf(started)).toBe('FACTOR_NOT_AVAILABLE');
    expect(await arrived(world, phoneNumber)).toHaveLength(sent);
    await put(null);
    await liftFlowLimit(world);
    expect(kindsOf((await user.signIn({ autoStart: false })).flow)).toEqual(['TOTP', 'SMS']);
  });

  test('blocks whoever has nothing else, rather than letting them pass with less', async () => {
    const { user } = await userWithNumber(world);
    await put(['TOTP']);
    for (const deviceToken of [undefined, 'x'])
      expect(await user.signIn({ deviceToken })).toMatchObject({
        tokens: null,
        flow: null,
        errors: [{ code: 'BLOCKED_BY_POLICY' }],
      });
  });

  test('enrolls none: not in a session, not in a flow, and offers none', async () => {
    await put(['TOTP', 'PUSH']);
    const user = await world.user();
    const authorization = await user.firstSignIn();
    const { data } = await world.a.ask('{ viewer { enrollableKinds } }', {}, { authorization });
    expect(data.viewer.enrollableKinds.toSorted()).toEqual(['PUSH', 'TOTP']);
    const phoneNumber = freshNumber();
    const wish = { kind: 'SMS', phoneNumber };
    const inSession = await world.a.mutate('startEnrollment', wish, 'enrollmentToken', { authorization });
    expect(inSession).toMatchObject({ enrollmentToken: null, errors: [{ code: 'FACTOR_NOT_AVAILABLE' }] });

    const { flowToken, flow } = await user.signIn({ minimumAssurance: 'AAL2' });
    expect(flow.enrollableKinds.toSorted()).toEqual(['PUSH', 'TOTP']);
    const inFlow = await world.a.mutate('startEnrollment', { ...wish, flowToken }, 'enrollmentToken');
    expect(inFlow).toMatchObject({ enrollmentToken: null, errors: [{ code: 'FACTOR_NOT_AVAILABLE' }] });
    expect(await arrived(world, phoneNumber)).toEqual([]);
  });
});
