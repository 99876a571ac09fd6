/**
 * The attack: signing in with a stolen password, or a stolen browser, from elsewhere: by looking like the victim's
 * browser, by having the gateway forget where its users sign in from, or by learning from its replies what it looks at.
 * The guarantee: what is unusual asks for the second factor, or blocks, although the browser is remembered; only what the
 * database knows makes a sign-in usual, and the client hears why it is asked and nothing else.
 */
import type { PolicyValues, RiskSignal, RiskResponse } from '../../src/features/policy';
import { codeOf, sessionCount, userWithApp } from '../support/attempts';
import { embedded } from '../support/backends';
import { maxmindCity, placesFile } from '../support/mmdb';
import { policy, rule } from '../support/policy-facts';
import { GOT, PASSWORD, World, type Reply, type TestUser } from '../support/world';

const HOUR = 3600;
const DAY = 24 * HOUR;
const ZURICH = '203.0.113.9';
const NEW_YORK = '198.51.100.7';
const NOWHERE = '192.0.2.1';
const NOT_NEEDED = { status: 'COMPLETED', reason: 'CHALLENGE_NOT_NEEDED', promptReasons: [] };

let world: World;
beforeAll(async () => {
  world = await World.open(embedded, {
    environment: {
      TRUST_PROXY: '127.0.0.1',
      APPLICATIONS: 'web=Example Web,bank=Example Bank',
      PLACES_FILE: placesFile({
        '203.0.113.0/24': maxmindCity('CH', 'Zurich', 47.37, 8.54),
        '198.51.100.0/24': maxmindCity('US', 'New York', 40.71, -74.01),
      }),
    },
  });
});
afterAll(() => world.close());
beforeEach(async () => {
  await put({});
  await world.database.affected('DELETE FROM limit_counter');
});

const put = (changes: Partial<PolicyValues>) =>
  world.a.app.policies.change({ values: policy(changes), basedOn: null, updatedBy: null });
const responses = (changes: Partial<Record<RiskSignal, RiskResponse>>): Partial<PolicyValues> => ({
  riskResponses: { ...policy().riskResponses, ...changes },
});
const begin = (user: TestUser, address: string, more: object = {}, userAgent = 'Firefox') =>
  world.a.mutate('signIn', { email: user.email, password: PASSWORD, ...more }, GOT, {
    headers: { 'x-forwarded-for': address, 'user-agent': userAgent },
  });

/** Answers with the app, from the address where the flow began. */
async function finish(user: TestUser, { flowToken }: { flowToken: string }, more: object = {}) {
  await world.advance(60);
  const input = { flowToken, proof: { code: await user.code() }, ...more };
  const done = await world.a.mutate('verifyChallenge', input, GOT);
  if (!done.tokens) throw new Error(`not signed in: ${JSON.stringify(done)}`);
  return done;
}

/** A user with an app, and the token of a browser that was remembered in Zurich a day ago. */
async function remembered(): Promise<{ user: TestUser; deviceToken: string }> {
  const user = await userWithApp(world);
  const done = await finish(user, await begin(user, ZURICH), { rememberDevice: true });
  await world.advance(DAY);
  return { user, deviceToken: done.tokens.deviceToken as string };
}

const lastSignIn = async (user: TestUser) =>
  (
    await world.database.rows<{ outcome: string; reason: string | null; details: unknown }>(
      `SELECT outcome, reason, details FROM audit_event WHERE user_id = $1 AND type = 'SIGN_IN_STARTED' ORDER BY id`,
      [user.id],
    )
  ).at(-1);

describe('a remembered browser', () => {
  test('RSK-01 is asked from a new place, until the user has signed in from there', async () => {
    const { user, deviceToken } = await remembered();
    expect((await begin(user, ZURICH, { deviceToken })).flow).toMatchObject(NOT_NEEDED);
    await world.advance(DAY);
    const begun = await begin(user, NEW_YORK, { deviceToken });
    expect(begun).toMatchObject({
      tokens: null,
      flow: { status: 'CHALLENGE_PENDING', promptReasons: ['NEW_LOCATION'], requiredAssurance: 'AAL2' },
    });
    // Asking again is not signing in.
    expect((await begin(user, NEW_YORK, { deviceToken })).flow.promptReasons).toEqual(['NEW_LOCATION']);
    await finish(user, begun);
    expect((await begin(user, NEW_YORK, { deviceToken })).flow).toMatchObject(NOT_NEEDED);
  });

  test('RSK-01 is asked where nobody could have come so fast, at places known to be the user’s', async () => {
    const { user, deviceToken } = await remembered();
    await finish(user, await begin(user, NEW_YORK, { deviceToken }));
    await world.advance(6 * HOUR);
    const begun = await begin(user, ZURICH, { deviceToken });
    expect(begun.flow.promptReasons).toEqual(['IMPOSSIBLE_TRAVEL']);
    await world.advance(2 * HOUR);
    expect((await begin(user, ZURICH, { deviceToken })).flow).toMatchObject(NOT_NEEDED);
  });

  test('RSK-01 is asked after a long time away', async () => {
    const { user, deviceToken } = await remembered();
    await put({ inactivityDays: 7 });
    await world.advance(7 * DAY);
    expect((await begin(user, ZURICH, { deviceToken })).flow.promptReasons).toEqual(['LONG_INACTIVITY']);
  });

  test('RSK-01 is asked on a listed network, in whatever form the address is written', async () => {
    const { user, deviceToken } = await remembered();
    await put({ listedNetworks: ['203.0.113.0/25'] });
    for (const address of [ZURICH, `::ffff:${ZURICH}`])
      expect((await begin(user, address, { deviceToken })).flow.promptReasons).toEqual(['LISTED_NETWORK']);
    expect((await begin(user, '203.0.113.200', { deviceToken })).flow).toMatchObject(NOT_NEEDED);
  });

  test.each(['seen_place', 'known_device'])(
    'RSK-01 is asked while what is known of %s is lost, and spares again afterwards',
    async (table) => {
      const { user, deviceToken } = await remembered();
      await world.database.affected(`ALTER TABLE ${table} RENAME TO lost`);
      for (const address of [ZURICH, NOWHERE]) {
        const got = await begin(user, address, { deviceToken }).catch(() => ({ tokens: null }));
        expect(got.tokens).toBeNull();
      }
      await world.database.affected(`ALTER TABLE lost RENAME TO ${table}`);
      expect((await begin(user, ZURICH, { deviceToken })).flow).toMatchObject(NOT_NEEDED);
    },
  );

  test('RSK-01 with the places lost, the second factor still signs in', async () => {
    const { user, deviceToken } = await remembered();
    await world.database.affected('ALTER TABLE seen_place RENAME TO lost');
    try {
      const begun = await begin(user, NOWHERE, { deviceToken });
      expect(begun.flow).toMatchObject({ status: 'CHALLENGE_PENDING', promptReasons: ['POLICY'] });
      expect((await finish(user, begun)).tokens.session.assurance).toBe('AAL2');
    } finally {
      await world.database.affected('ALTER TABLE lost RENAME TO seen_place');
    }
  });
});

describe('a stolen password', () => {
  test('RSK-03 is asked for more, also where the thief’s browser looks like the victim’s', async () => {
    const { user } = await remembered();
    const agent = 'Mozilla/5.0 (Windows NT 10.0; rv:132.0) Gecko/20100101 Firefox/132.0';
    const { deviceToken } = (
      await finish(user, await begin(user, ZURICH, {}, agent), { rememberDevice: true })
    ).tokens;
    expect((await begin(user, ZURICH, { deviceToken }, agent)).flow).toMatchObject(NOT_NEEDED);
    for (const address of [ZURICH, NEW_YORK]) {
      const { tokens, flow } = await begin(user, address, {}, agent);
      expect(tokens).toBeNull();
      expect(flow.promptReasons).toEqual(expect.arrayContaining(['POLICY', 'NEW_DEVICE']));
    }
  });

  test('RSK-03 and another browser of the user’s own costs nothing: its name is not looked at', async () => {
    const { user, deviceToken } = await remembered();
    expect((await begin(user, ZURICH, { deviceToken }, 'curl/8')).flow).toMatchObject(NOT_NEEDED);
  });

  test('RSK-01 is of no use where the signal is blocked; only whoever knows the password is told so', async () => {
    const { user, deviceToken } = await remembered();
    await put(responses({ NEW_DEVICE: 'BLOCK' }));
    const before = await sessionCount(world, user);
    expect(codeOf(await begin(user, ZURICH, { password: 'a guess' }))).toBe('INVALID_CREDENTIALS');
    await world.advance(1);
    const blocked = await begin(user, ZURICH);
    expect(blocked).toMatchObject({ flow: null, flowToken: null, tokens: null });
    expect(codeOf(blocked)).toBe('BLOCKED_BY_POLICY');
    expect(JSON.stringify(blocked)).not.toMatch(/device|browser/i);
    expect(await sessionCount(world, user)).toBe(before);
    expect(await lastSignIn(user)).toMatchObject({
      outcome: 'FAILURE',
      reason: 'blocked by policy',
      details: { isBlocked: true, facts: { isDeviceKnown: false } },
    });
    expect((await begin(user, ZURICH, { deviceToken })).flow).toMatchObject(NOT_NEEDED);
  });

  test('RSK-01 of an account without a factor: asking cannot be answered, requiring must be', async () => {
    const user = await world.user();
    expect((await begin(user, ZURICH)).tokens.session.assurance).toBe('AAL1');
    await put(responses({ NEW_DEVICE: 'REQUIRE_MFA' }));
    expect(await begin(user, ZURICH)).toMatchObject({
      tokens: null,
      flow: { status: 'ENROLLMENT_REQUIRED', promptReasons: ['NEW_DEVICE'] },
    });
  });
});

describe('what is recorded and told', () => {
  test('RSK-04 the audit log has facts and findings, the client only the words why it is asked', async () => {
    const { user, deviceToken } = await remembered();
    const reply: Reply = await world.a.ask(
      `mutation($input: SignInInput!) { signIn(input: $input) { ${GOT} errors { code message } } }`,
      { input: { email: user.email, password: PASSWORD, deviceToken } },
      { headers: { 'x-forwarded-for': NEW_YORK } },
    );
    expect(reply.data.signIn.flow.promptReasons).toEqual(['NEW_LOCATION']);
    const { details, outcome } = (await lastSignIn(user)) ?? {};
    expect(outcome).toBe('SUCCESS');
    expect(details).toMatchObject({
      policyVersion: (await world.a.app.policies.current()).version,
      requiredAssurance: 'AAL2',
      isBlocked: false,
      isSpared: false,
      facts: {
        ipAddress: NEW_YORK,
        factorKinds: expect.arrayContaining(['TOTP']),
        isDeviceKnown: true,
        isPlaceKnown: false,
        place: { country: 'US', city: 'New York', latitude: 40.71 },
        lastPlace: { country: 'CH' },
      },
      findings: [
        { rule: 'enrolled-factor', effect: 'ASK' },
        { rule: 'enforcement', effect: 'ENFORCE' },
        { rule: 'new-location', effect: 'ASK', explanation: expect.stringContaining('New York, US') },
      ],
    });
    for (const secret of [PASSWORD, deviceToken, user.apps[0] ?? '', reply.data.signIn.flowToken])
      expect(JSON.stringify(details)).not.toContain(secret);
    for (const told of ['New York', 'US"', 'new-location', 'enforcement', 'findings', 'AAL2_PHR', '40.71'])
      expect(reply.body).not.toContain(told);
  });

  test('RSK-04 a sign-in that a remembered browser made easier says so in the log', async () => {
    const { user, deviceToken } = await remembered();
    await begin(user, ZURICH, { deviceToken });
    expect(await lastSignIn(user)).toMatchObject({ details: { isSpared: true, requiredAssurance: 'AAL1' } });
  });
});

describe('a policy that asks only when something is unusual', () => {
  beforeEach(() => put({ requirement: 'WHEN_RISKY' }));

  test('RSK-01 asks then, and not otherwise, of a known browser that nobody remembered', async () => {
    const user = await userWithApp(world);
    const first = await begin(user, ZURICH);
    expect(first.flow.promptReasons).toEqual(['NEW_DEVICE']);
    const { deviceToken } = (await finish(user, first)).tokens;
    expect((await begin(user, ZURICH, { deviceToken })).tokens.session.assurance).toBe('AAL1');
    await world.advance(DAY);
    const elsewhere = await begin(user, NEW_YORK, { deviceToken });
    expect(elsewhere.flow.promptReasons).toEqual(['NEW_LOCATION']);
    expect((await begin(user, ZURICH, { deviceToken: `${String(deviceToken)}x` })).tokens).toBeNull();
  });

  test('RSK-01 a rule for an application asks there each time, and the other application as before', async () => {
    await put({ requirement: 'WHEN_RISKY', rules: [rule({ clientIds: ['bank'] })] });
    const user = await userWithApp(world);
    const { deviceToken } = (await finish(user, await begin(user, ZURICH))).tokens;
    expect((await begin(user, ZURICH, { deviceToken, clientId: 'web' })).tokens).not.toBeNull();
    const { flow, tokens } = await begin(user, ZURICH, { deviceToken, clientId: 'bank' });
    expect({ reasons: flow.promptReasons, tokens }).toEqual({ reasons: ['POLICY'], tokens: null });
  });
});

describe('rules of the policy', () => {
  test('RSK-01 a rule for a network blocks there: sign-in, step-up, and what strangers may begin', async () => {
    const { user, deviceToken } = await remembered();
    const signedIn = await begin(user, ZURICH, { deviceToken });
    await put({ rules: [rule({ networks: ['198.51.100.0/24'], isBlocking: true })] });
    const headers = { 'x-forwarded-for': NEW_YORK };
    const authorization = `Bearer ${signedIn.tokens.accessToken as string}`;
    const signUp = { email: 'stranger@example.com', password: 'violet-harbour-nine-kettles' };
    const refused = [
      await begin(user, NEW_YORK, { deviceToken }),
      await world.a.mutate('signUp', signUp, GOT, { headers }),
      await world.a.mutate('startPasswordReset', { email: user.email }, GOT, { headers }),
      await world.a.mutate('startStepUp', { maxAgeSeconds: 0 }, GOT, { authorization, headers }),
    ];
    expect(refused.map(codeOf)).toEqual(Array(4).fill('BLOCKED_BY_POLICY'));
    expect(refused.map(({ tokens }) => tokens)).toEqual([null, null, null, null]);
    expect((await begin(user, ZURICH, { deviceToken })).flow).toMatchObject(NOT_NEEDED);
  });

  test('RSK-01 a rule for a role narrows what its holders may use, and nobody else', async () => {
    await put({ rules: [rule({ roles: ['ADMIN'], allowedKinds: ['PUSH', 'BACKUP_CODE'] })] });
    const user = await userWithApp(world);
    const kinds = async () =>
      (await begin(user, ZURICH)).flow.factors.map((one: { kind: string }) => one.kind);
    expect(await kinds()).toEqual(['TOTP', 'BACKUP_CODE']);
    await world.database.affected(`UPDATE users SET roles = '{USER,ADMIN}' WHERE id = $1`, [user.id]);
    expect(await kinds()).toEqual(['BACKUP_CODE']);
  });

  test('RSK-01 a rule for a signal blocks only whoever it is for', async () => {
    await put({ rules: [rule({ roles: ['ADMIN'], signals: ['NEW_DEVICE'], isBlocking: true })] });
    const [plain, admin] = [await world.user(), await world.user({ roles: ['ADMIN'] })];
    expect(codeOf(await begin(admin, ZURICH))).toBe('BLOCKED_BY_POLICY');
    expect((await begin(plain, ZURICH)).tokens).not.toBeNull();
  });
});
