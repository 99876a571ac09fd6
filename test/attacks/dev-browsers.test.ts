/**
 * The attack: getting past the second factor with the token of a remembered browser: a forged, stolen, old or foreign
 * one, or keeping it alive for ever.
 * The guarantee: the token spares the second factor only of the user who earned it, after the right password, for the
 * days of the policy and at level AAL1; for ten browsers at most.
 */
import { decodeJwt } from 'jose';
import { codeOf, liftFlowLimit, userWithApp } from '../support/attempts';
import { describeOnServers, embedded } from '../support/backends';
import { isSpared, rememberedBrowser, rememberedCount, underPolicy } from '../support/browsers';
import { GOT, PASSWORD, PUBLIC_URL, World } from '../support/world';

const DAY = 86_400;

describe('the token of a remembered browser', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded)));
  afterAll(() => world.close());

  test('DEV-01 no other token spares the second factor: forged, cut, lengthened, unsigned, or of another user', async () => {
    const [user, other] = [await userWithApp(world), await userWithApp(world)];
    const { deviceToken } = await rememberedBrowser(user);
    const foreign = await rememberedBrowser(other);
    const unsigned = [{ alg: 'none' }, { sub: user.id }].map((part) => btoa(JSON.stringify(part))).join('.');
    const device = await world.database.row<{ id: string; hash: string }>(
      `SELECT id, encode(token_hash, 'hex') AS hash FROM known_device WHERE user_id = $1 AND remembered_until IS NOT NULL`,
      [user.id],
    );
    const changed = `${deviceToken.slice(0, -1)}${deviceToken.endsWith('A') ? 'E' : 'A'}`;
    const wrong = [
      deviceToken.slice(0, -1),
      `${deviceToken}A`,
      changed,
      `${unsigned}.`,
      device?.id,
      device?.hash,
    ];
    for (const token of [...wrong, foreign.deviceToken, undefined]) {
      await liftFlowLimit(world);
      expect(await isSpared(user, token)).toBe(false);
    }
    expect(await isSpared(user, deviceToken)).toBe(true);
  });

  test('DEV-01 a page gets it in a __Host- cookie that no script reads, and not in the reply', async () => {
    const user = await userWithApp(world);
    const headers = { 'factorgate-tokens': 'cookie', origin: PUBLIC_URL };
    const begun = await world.a.mutate('signIn', { email: user.email, password: PASSWORD }, GOT);
    const { data, headers: got } = await world.a.ask(
      `mutation($input: VerifyChallengeInput!) { verifyChallenge(input: $input) { ${GOT} } }`,
      { input: { flowToken: begun.flowToken, proof: { code: await user.code() }, rememberDevice: true } },
      { headers },
    );
    expect(data.verifyChallenge.tokens).toMatchObject({ deviceToken: null, refreshToken: null });
    const set = got.getSetCookie().find((line) => line.startsWith('__Host-factorgate-device='));
    expect(set).toMatch(/; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    const again = await world.a.mutate('signIn', { email: user.email, password: PASSWORD }, GOT, {
      headers: { ...headers, cookie: set?.split(';')[0] ?? '' },
    });
    expect(again.flow).toMatchObject({ status: 'COMPLETED', reason: 'CHALLENGE_NOT_NEEDED' });
  });

  test('DEV-02 alone it does nothing: not without the password, nor as another token', async () => {
    const user = await userWithApp(world);
    const { deviceToken } = await rememberedBrowser(user);
    expect(codeOf(await user.signIn({ password: 'not-the-password', deviceToken }))).toBe(
      'INVALID_CREDENTIALS',
    );
    for (const scheme of ['Bearer', 'Device']) {
      const reply = await world.a.ask('{ viewer { id } }', {}, { authorization: `${scheme} ${deviceToken}` });
      expect(reply.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    }
    const refreshed = await world.a.mutate(
      'refreshTokens',
      { refreshToken: deviceToken },
      'tokens { accessToken }',
    );
    expect(refreshed).toMatchObject({ tokens: null, errors: [{ code: 'INVALID_TOKEN' }] });
  });

  test('DEV-03 used daily it is asked again after 30 days, whether or not the box was ticked when it spared', async () => {
    const user = await userWithApp(world);
    const { deviceToken } = await rememberedBrowser(user);
    for (let day = 1; day <= 29; day += 1) {
      await world.advance(DAY);
      expect(await isSpared(user, deviceToken)).toBe(true);
    }
    await world.advance(DAY - 1);
    expect(await isSpared(user, deviceToken)).toBe(true);
    await world.advance(1);
    expect(await isSpared(user, deviceToken)).toBe(false);
  });

  test('DEV-03 only a second factor with the box ticked counts the days anew', async () => {
    const user = await userWithApp(world);
    const { deviceToken } = await rememberedBrowser(user);
    const until = async () => {
      const rows = await world.database.rows<{ rememberedUntil: Date }>(
        'SELECT remembered_until FROM known_device WHERE user_id = $1 AND remembered_until IS NOT NULL',
        [user.id],
      );
      return rows.map(({ rememberedUntil }) => rememberedUntil.getTime() - world.now().getTime());
    };
    expect(await until()).toEqual([30 * DAY * 1000]);
    await world.advance(10 * DAY);
    // Asked for more than the policy demands, so that there is a second factor in spite of the browser.
    const strong = async (more: object) => {
      const begun = await user.signIn({ deviceToken, minimumAssurance: 'AAL2' });
      const input = { flowToken: begun.flowToken, proof: { code: await user.code() }, ...more };
      expect((await world.a.mutate('verifyChallenge', input, GOT)).tokens).not.toBeNull();
    };
    await strong({ rememberDevice: false });
    expect(await until()).toEqual([20 * DAY * 1000]);
    await world.advance(60);
    await strong({ rememberDevice: true });
    expect(await until()).toEqual([30 * DAY * 1000]);
  });

  test('DEV-03 the eleventh takes the memory of the one whose days end first, and that one stays known', async () => {
    const user = await userWithApp(world);
    const browsers: string[] = [];
    for (let count = 0; count < 11; count += 1) {
      await liftFlowLimit(world);
      browsers.push((await rememberedBrowser(user)).deviceToken);
    }
    await liftFlowLimit(world);
    expect(await rememberedCount(user)).toBe(10);
    const [first, second] = browsers;
    const { flow } = await user.signIn({ deviceToken: first });
    expect(flow).toMatchObject({ status: 'CHALLENGE_PENDING', promptReasons: ['POLICY'] });
    for (const token of [second, browsers.at(-1)]) expect(await isSpared(user, token)).toBe(true);
  });

  test('DEV-04 helped by it a token says aal1 without mfa, and what is sensitive asks for a step-up', async () => {
    const user = await userWithApp(world);
    const { deviceToken } = await rememberedBrowser(user);
    const { tokens } = await user.signIn({ deviceToken });
    expect(tokens.session).toMatchObject({ assurance: 'AAL1', methods: ['pwd'] });
    expect(decodeJwt(tokens.accessToken as string)).toMatchObject({ acr: 'aal1', amr: ['pwd'] });
    const ask = { authorization: `Bearer ${tokens.accessToken as string}` };
    const { factors } = (await world.a.ask('{ viewer { factors { id } } }', {}, ask)).data.viewer;
    const refused = await world.a.mutate('removeFactor', { factorId: factors[0].id }, 'user { id }', ask);
    expect(refused.errors).toMatchObject([{ code: 'STEP_UP_REQUIRED', requiredAssurance: 'AAL2' }]);
    const stepUp = await world.a.mutate('startStepUp', { maxAgeSeconds: 900 }, GOT, ask);
    expect(stepUp.flow.status).toBe('CHALLENGE_PENDING');
    expect(await isSpared(user, deviceToken, { minimumAssurance: 'AAL2' })).toBe(false);
  });

  test('DEV-06 it is not honoured while the policy remembers no browser, nor while a risk is answered by asking', async () => {
    const user = await userWithApp(world);
    const { deviceToken } = await rememberedBrowser(user);
    await underPolicy(world, { rememberDeviceDays: 0 }, async () =>
      expect(await isSpared(user, deviceToken)).toBe(false),
    );
    await underPolicy(world, { listedNetworks: ['127.0.0.0/8'] }, async () =>
      expect(await isSpared(user, deviceToken)).toBe(false),
    );
    expect(await isSpared(user, deviceToken)).toBe(true);
  });
});

describeOnServers('browsers at the same instant', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  test('DEV-03 twelve sign-ins that are collected at once leave ten remembered, and all are signed in', async () => {
    const user = await userWithApp(world);
    const flows: string[] = [];
    for (let count = 0; count < 12; count += 1) {
      await liftFlowLimit(world);
      flows.push((await user.signIn({ autoStart: false })).flowToken as string);
    }
    // As if a phone had approved each of them.
    await world.database.rows(
      `UPDATE auth_flow SET status = 'VERIFIED', proofs = proofs || jsonb_build_array(jsonb_build_object(
         'by', (SELECT id FROM factor WHERE user_id = $1 AND kind = 'TOTP'), 'kind', 'TOTP', 'amr', '["otp"]'::jsonb,
         'isPhishingResistant', false)) WHERE user_id = $1 AND ended_at IS NULL`,
      [user.id],
    );
    const collected = await Promise.all(
      flows.map((flowToken, index) =>
        (index % 2 ? world.a : world.b).mutate('completeAuthFlow', { flowToken, rememberDevice: true }, GOT),
      ),
    );
    expect(collected.filter(({ tokens }) => tokens !== null)).toHaveLength(12);
    expect(await rememberedCount(user)).toBe(10);
  });
});
