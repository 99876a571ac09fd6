/**
 * The attack: having a proof stand for more than it was given for: a payment that nobody saw on the phone, an action that
 * an earlier or a weaker proof is to cover.
 * The guarantee: the new token says what was approved, and only what was signed; what a proof is good for, and for how
 * long, the policy says.
 */
import { createHash } from 'node:crypto';
import { decodeJwt } from 'jose';
import type { PolicyValues, SensitiveAction } from '../../src/features/policy';
import { answer, codeOf, userWithApp } from '../support/attempts';
import { embedded } from '../support/backends';
import { OPTIONAL, withPolicy } from '../support/policy';
import { policy } from '../support/policy-facts';
import { approve, complete, userWithPhone } from '../support/phones';
import { GOT, PASSWORD, World, type Ask, type TestUser } from '../support/world';

const bearer = (got: { tokens: { accessToken: string } }): Ask => ({
  authorization: `Bearer ${got.tokens.accessToken}`,
});
const claims = (got: { tokens: { accessToken: string } }) => decodeJwt(got.tokens.accessToken);
/** What the token says was approved. */
const approved = (got: { tokens: { accessToken: string } }) =>
  Object.fromEntries(Object.entries(claims(got)).filter(([name]) => name.startsWith('txn')));

const action = (name: string, more: Partial<SensitiveAction> = {}): SensitiveAction => ({
  name,
  minimumAssurance: 'AAL2',
  maxAgeSeconds: 300,
  isSingleUse: false,
  ...more,
});
const ACTIONS = [
  action('payments.send', { maxAgeSeconds: 60 }),
  action('keys.export', { isSingleUse: true }),
  action('profile.read'),
];
const PAY = 'Pay €500 to Bob';

describe('a sensitive action', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded, { environment: withPolicy(OPTIONAL) })));
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.advance(3600);
    await put({});
  });

  const put = (changes: Partial<PolicyValues>) =>
    world.a.app.policies.change({
      values: policy({ requirement: 'OPTIONAL', actions: ACTIONS, ...changes }),
      basedOn: null,
      updatedBy: null,
    });
  const stepUp = (ask: Ask, input: object) => world.a.mutate('startStepUp', input, GOT, ask);
  /** Answers the step-up with the app. */
  async function byApp(user: TestUser, begun: { flowToken: string }) {
    await world.advance(30);
    return answer(world.a, begun.flowToken, await user.code());
  }
  const refresh = (refreshToken: string) =>
    world.a.mutate('refreshTokens', { refreshToken }, 'tokens { accessToken refreshToken }');

  test('STP-03 approved on the phone, message and action stand in the new token and in no other', async () => {
    const owner = await userWithPhone(world);
    const ask = { authorization: owner.authorization };
    const before = { tokens: { accessToken: owner.authorization.slice('Bearer '.length) } };
    const { flow, flowToken } = await stepUp(ask, { action: 'payments.send', message: PAY });
    await approve(owner.phone, flow.challenge.numberToMatch as string);
    const done = await complete(world.a, flowToken as string);
    const hash = createHash('sha256').update(PAY, 'utf8').digest('base64url');
    expect(approved(done)).toEqual({ txn_action: 'payments.send', txn_message: PAY, txn_hash: hash });
    expect(claims(done)['acr']).toBe('aal2');
    // The reply was lost: the same call gives the same once more.
    expect(approved(await complete(world.a, flowToken as string))).toEqual(approved(done));

    expect(approved(before)).toEqual({});
    expect(claims(before)['acr']).toBe('aal1');
    expect((await world.a.ask('{ viewer { id } }', {}, ask)).data.viewer.id).toBe(owner.user.id);
    await world.advance(1);
    const later = await stepUp(bearer(done), { maxAgeSeconds: 300 });
    expect(later.flow.reason).toBe('CHALLENGE_NOT_NEEDED');
    expect(approved(later)).toEqual({});
  });

  test('STP-03 what nobody signed is not in the token: an app proves the action, never the message', async () => {
    const user = await userWithApp(world);
    const signedIn = await user.signInWithTotp();
    const begun = await stepUp(bearer(signedIn), { action: 'payments.send', message: PAY });
    const done = await byApp(user, begun);
    expect(approved(done)).toEqual({ txn_action: 'payments.send' });
    expect(approved(signedIn)).toEqual({});
    const refreshed = await refresh(signedIn.tokens.refreshToken as string);
    expect(approved(refreshed)).toEqual({});
    const again = await refresh(refreshed.tokens.refreshToken as string);
    expect(claims(again)['auth_time']).toBe(claims(done)['auth_time']);
    expect(approved(again)).toEqual({});
  });

  test('STP-03 nor for whoever has no factor: the password signs nothing', async () => {
    const signedIn = await (await world.user()).signIn();
    const done = await stepUp(bearer(signedIn), { message: PAY, password: PASSWORD });
    expect(done.flow.status).toBe('COMPLETED');
    expect(approved(done)).toEqual({});
  });

  test('STP-02 a message is shown and signed each time, however fresh the last proof is', async () => {
    const user = await userWithApp(world);
    const signedIn = bearer(await user.signInWithTotp());
    expect((await stepUp(signedIn, { maxAgeSeconds: 300 })).flow.reason).toBe('CHALLENGE_NOT_NEEDED');
    for (const more of [{}, { action: 'profile.read' }, { action: 'unknown.action' }]) {
      const asked = await stepUp(signedIn, { maxAgeSeconds: 300, message: PAY, ...more });
      expect(asked).toMatchObject({ tokens: null, flow: { status: 'CHALLENGE_PENDING' } });
    }
  });

  test('STP-02 a proof is good for an action as long as the policy says, or the application if that is less', async () => {
    const user = await userWithApp(world);
    const signedIn = bearer(await user.signInWithTotp());
    const isAsked = async (name: string, maxAgeSeconds: number) =>
      (await stepUp(signedIn, { action: name, maxAgeSeconds })).tokens === null;
    await world.advance(60);
    expect(await isAsked('payments.send', 300)).toBe(false);
    expect(await isAsked('payments.send', 59)).toBe(true);
    expect(await isAsked('keys.export', 300)).toBe(true);
    await world.advance(1);
    expect(await isAsked('payments.send', 300)).toBe(true);
    expect(await isAsked('profile.read', 300)).toBe(false);
    expect(await isAsked('nobody.knows.it', 300)).toBe(false);
    await world.advance(240);
    for (const name of ['profile.read', 'nobody.knows.it']) expect(await isAsked(name, 300)).toBe(true);
  });

  test('STP-02 a single-use action needs its own proof each time', async () => {
    const user = await userWithApp(world);
    const signedIn = bearer(await user.signInWithTotp());
    for (let count = 0; count < 2; count += 1) {
      const begun = await stepUp(signedIn, { action: 'keys.export', maxAgeSeconds: 900 });
      expect(begun).toMatchObject({ tokens: null, flow: { status: 'CHALLENGE_PENDING' } });
      const done = await byApp(user, begun);
      expect(approved(done)).toEqual({ txn_action: 'keys.export' });
      const repeated = await stepUp(bearer(done), { action: 'keys.export', maxAgeSeconds: 900 });
      expect(repeated.tokens).toBeNull();
    }
  });

  test('ENR-07 of whoever has no factor it requires one, in the very step-up', async () => {
    const user = await world.user();
    const signedIn = await user.signIn();
    const wish = { action: 'payments.send' };
    expect((await stepUp(bearer(signedIn), wish)).errors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'password'] },
    ]);
    const begun = await stepUp(bearer(signedIn), { ...wish, password: PASSWORD });
    expect(begun).toMatchObject({
      tokens: null,
      flow: { purpose: 'STEP_UP', status: 'ENROLLMENT_REQUIRED', promptReasons: ['STEP_UP'] },
    });
    const done = await user.enrollTotpInFlow(begun.flowToken as string);
    expect(done.tokens.session).toMatchObject({
      id: signedIn.tokens.session.id,
      assurance: 'AAL2',
      methods: ['pwd', 'otp', 'mfa'],
    });
    expect(approved(done)).toEqual({ txn_action: 'payments.send' });
    expect(claims(signedIn)['acr']).toBe('aal1');
  });

  test('RSK-01 answered by asking it needs no more than the password, blocked it is for nobody', async () => {
    const [bare, app] = [await world.user(), await userWithApp(world)];
    const [bareAsk, appAsk] = [bearer(await bare.signIn()), bearer(await app.signInWithTotp())];
    const wish = { action: 'reports.read', password: PASSWORD };
    const { riskResponses } = policy();
    await put({ riskResponses: { ...riskResponses, SENSITIVE_ACTION: 'PROMPT_MFA' } });
    expect((await stepUp(bareAsk, wish)).tokens.session.assurance).toBe('AAL1');
    expect((await stepUp(appAsk, wish)).flow.status).toBe('CHALLENGE_PENDING');
    // One that the policy names has its level all the same.
    const named = await stepUp(bareAsk, { ...wish, action: 'payments.send' });
    expect(named.flow.status).toBe('ENROLLMENT_REQUIRED');
    await put({ riskResponses: { ...riskResponses, SENSITIVE_ACTION: 'BLOCK' } });
    for (const ask of [bareAsk, appAsk]) {
      const blocked = await stepUp(ask, wish);
      expect(blocked).toMatchObject({ flow: null, tokens: null });
      expect(codeOf(blocked)).toBe('BLOCKED_BY_POLICY');
    }
    expect((await stepUp(appAsk, {})).flow.status).toBe('CHALLENGE_PENDING');
  });

  test('STP-04 what is weaker than asked does not do, whatever the account has', async () => {
    const { user, authorization } = await userWithPhone(world);
    for (const wish of [{}, { action: 'payments.send' }]) {
      const refused = await stepUp({ authorization }, { ...wish, minimumAssurance: 'AAL2_PHR' });
      expect(refused).toMatchObject({ flow: null, tokens: null, errors: [{ code: 'FACTOR_NOT_AVAILABLE' }] });
    }
    // Nor does a policy that names less take anything off what the application asks for.
    const signIn = await user.signIn({ minimumAssurance: 'AAL2_PHR' });
    expect(signIn.tokens).toBeNull();
    expect(codeOf(signIn)).toBe('BLOCKED_BY_POLICY');
  });

  test('STP-01 words that are no action are refused before anything is asked', async () => {
    const user = await userWithApp(world);
    const signedIn = bearer(await user.signInWithTotp());
    for (const name of ['', 'Payments.Send', 'a b', 'x'.repeat(61), '../etc', 'pay\u0000'])
      expect(await stepUp(signedIn, { action: name })).toMatchObject({
        flow: null,
        errors: [{ code: 'INVALID_INPUT', path: ['input', 'action'] }],
      });
  });
});
