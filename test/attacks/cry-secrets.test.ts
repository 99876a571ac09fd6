/**
 * The attack: reading or writing the stores: a dump of the database, a look at Redis, a copy of the logs, one user's
 * sealed secret put in the place of another's.
 * The guarantee: no token, code, password or secret stands in clear anywhere, Redis hears only which row changed, and a
 * sealed value opens nowhere but in its own row, which raises an alarm.
 */
import { Redis } from 'ioredis';
import {
  answer,
  codeOf,
  dump,
  flowTokens,
  liftFlowLimit,
  sessionCount,
  userWithApp,
} from '../support/attempts';
import { describeOnEachBackend, describeOnServers } from '../support/backends';
import { GOT, PASSWORD, World, type TestUser } from '../support/world';

interface Captured {
  readonly tokens: readonly string[];
  readonly codes: readonly string[];
}

/** A whole life: enrolling an app and a phone, signing in with each, stepping up, refreshing. */
async function wholeLife(world: World): Promise<Captured & { readonly user: TestUser }> {
  const user = await world.user();
  const tokens: string[] = [PASSWORD];
  const keep = (value: unknown): void => {
    if (typeof value === 'string' && SECRET.test(value)) tokens.push(value.replace(/^Bearer /, ''));
    else if (value && typeof value === 'object') Object.values(value).forEach(keep);
  };
  const original = world.a.mutate.bind(world.a);
  const codes: string[] = [];
  // Whatever a reply holds that looks like a token is one.
  world.a.mutate = async (name, input, selection, ask) => {
    const payload = await original(name, input, selection, ask);
    for (const field of ['flowToken', 'enrollmentToken', 'tokens']) keep(payload[field]);
    const setup = payload.enrollment?.setup;
    if (setup?.secret) tokens.push(setup.secret, setup.secret.replaceAll(' ', ''));
    if (setup?.uri) tokens.push(setup.uri, new URL(setup.uri).searchParams.get('token') ?? setup.uri);
    return payload;
  };
  await user.enrollTotp();
  codes.push(await user.code());
  const { tokens: first } = await user.signInWithTotp();
  codes.push(await user.code());
  const authorization = `Bearer ${first.accessToken as string}`;
  const phone = await user.pairPhone(authorization);
  const begun = await user.signIn({ autoStart: false });
  const factorId = begun.flow.factors.find((factor: { kind: string }) => factor.kind === 'PUSH').id;
  const watched = world.b.follow(begun.flowToken);
  await watched.until((flow) => flow.status === 'CHALLENGE_REQUIRED');
  const rung = await world.a.mutate('startChallenge', { flowToken: begun.flowToken, factorId }, GOT);
  await world.settle();
  const [asked] = await phone.approvals();
  if (!asked) throw new Error('nothing waits on the phone');
  const signed = await phone.answer(asked, 'APPROVE', rung.flow.challenge.numberToMatch as string);
  tokens.push(signed, asked.nonce);
  await phone.send(signed);
  await watched.until((flow) => flow.status === 'VERIFIED');
  const done = await world.a.mutate('completeAuthFlow', { flowToken: begun.flowToken }, GOT);
  await world.a.mutate(
    'refreshTokens',
    { refreshToken: done.tokens.refreshToken },
    'tokens { accessToken refreshToken }',
  );
  watched.stop();
  await liftFlowLimit(world);
  const stepUp = await world.a.mutate('startStepUp', { autoStart: false }, GOT, { authorization });
  keep(stepUp.flowToken);
  world.a.mutate = original;
  return { user, tokens: [...new Set(tokens)], codes };
}

const SECRET = /^[A-Za-z0-9_.-]{40,}$/;

/** Tokens in any form in which they would be in clear: as text, and as the bytes of it in hexadecimal or base64. */
const clearForms = (token: string): string[] => [
  token,
  Buffer.from(token).toString('hex'),
  Buffer.from(token).toString('base64').replace(/=+$/, ''),
  ...(/^[A-Za-z0-9_-]{43}$/.test(token) ? [Buffer.from(token, 'base64url').toString('hex')] : []),
];

const found = (text: string, { tokens }: Captured): string[] =>
  tokens.filter((token) => clearForms(token).some((form) => text.includes(form)));

/** A code stands alone; six digits inside a longer number or an id are none. */
const foundCodes = (text: string, { codes }: Captured): string[] =>
  codes.filter((code) => new RegExp(`(?<![0-9A-Za-z_.:+-])${code}(?![0-9A-Za-z_.:-])`).test(text));

describeOnEachBackend('secrets at rest', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  test('CRY-01 a sealed secret in the place of another’s opens nothing and raises an alarm', async () => {
    const [ada, eve] = [await userWithApp(world), await userWithApp(world)];
    const sealed = (of: TestUser) =>
      `(SELECT sealed_secret FROM totp_secret WHERE factor_id = (SELECT id FROM factor WHERE kind = 'TOTP' AND user_id = '${of.id}'))`;
    const put = (into: TestUser, value: string) =>
      world.database.affected(
        `UPDATE totp_secret SET sealed_secret = $1 WHERE factor_id = (SELECT id FROM factor WHERE kind = 'TOTP' AND user_id = $2)`,
        [value, into.id],
      );
    const both = await world.database.row<{ ada: string; eve: string }>(
      `SELECT ${sealed(ada)} AS ada, ${sealed(eve)} AS eve`,
    );
    if (!both) throw new Error('no secrets');
    await put(ada, both.eve);
    await put(eve, both.ada);
    const before = world.logged.length;
    for (const [victim, typed] of [
      [ada, eve],
      [ada, ada],
      [eve, ada],
      [eve, eve],
    ] as const) {
      const sessions = await sessionCount(world, victim);
      const [flowToken] = (await flowTokens(world, victim, 1)) as [string];
      const reply = await answer(world.a, flowToken, await typed.code());
      expect([reply.tokens, codeOf(reply)]).toEqual([null, 'INVALID_CODE']);
      expect(await sessionCount(world, victim)).toBe(sessions);
    }
    const alarms = world.logged
      .slice(before)
      .filter(
        (line) =>
          (JSON.parse(line) as { level: number | string }).level === 50 || line.includes('"level":"error"'),
      );
    expect(alarms).toHaveLength(4);
    await put(ada, both.ada);
    const [flowToken] = (await flowTokens(world, ada, 1)) as [string];
    expect((await answer(world.a, flowToken, await ada.code())).flow.status).toBe('COMPLETED');
  });

  test('CRY-03 CRY-08 a dump of all tables holds no token, code, secret or password', async () => {
    const captured = await wholeLife(world);
    const text = await dump(world);
    expect(text).toContain(captured.user.id);
    expect(captured.tokens.length).toBeGreaterThan(15);
    expect(found(text, captured)).toEqual([]);
    expect(foundCodes(text, captured)).toEqual([]);
    // It is there, but not in clear: what is searched for would be found.
    expect(found(`${text} ${captured.tokens[3] ?? ''}`, captured)).toEqual([captured.tokens[3]]);
  });

  test('LOG-02 the logs hold no token, code, secret or password, whatever field it was typed into', async () => {
    const captured = await wholeLife(world);
    const canary = 'CanaryInTheWrongField-77';
    await world.a.mutate('signIn', { email: canary, password: canary }, GOT);
    await world.a.mutate('signIn', { email: 'a@example.com', password: canary, deviceToken: canary }, GOT);
    await world.a.mutate('signIn', { email: 'a@example.com', password: canary, clientId: canary }, GOT);
    await answer(world.a, canary, canary);
    await world.a.mutate('refreshTokens', { refreshToken: canary }, 'tokens { accessToken }');
    await world.a.ask('{ viewer { id } }', {}, { authorization: `Bearer ${canary}` });
    await world.a.ask('{ viewer { id } }', {}, { authorization: `Device ${canary}` });
    await world.a.ask('{ viewer { id } }', {}, { headers: { cookie: `factorgate-refresh=${canary}` } });
    await world.a.ask(`{ viewer { ${canary} } }`);
    await world.a.ask('query($t: Int!) { authFlow(flowToken: $t) { id } }', { t: canary });
    await world.a.ask(
      `mutation { signIn(input: { email: "${canary}", password: ${canary} }) { flowToken } }`,
    );
    await fetch(`${world.a.graphqlUrl}?password=${canary}`);
    const text = world.logged.join('');
    expect(text).toContain('"path":"/graphql"');
    expect(text).not.toContain(canary);
    expect(found(text, captured)).toEqual([]);
    expect(foundCodes(text, captured)).toEqual([]);
  });
});

describeOnServers('what Redis hears', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  test('CRY-07 PUSH-13 ids and no token, code, name or address', async () => {
    const own = new Redis(world.redisUrl ?? '');
    const monitor = await own.monitor();
    const heard: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => heard.push(args.join(' ')));
    const captured = await wholeLife(world);
    await own.publish('test-is-over', '');
    while (!heard.some((line) => line.includes('test-is-over')))
      await new Promise((resolve) => setImmediate(resolve));
    own.disconnect();
    monitor.disconnect();
    const text = heard.join('\n');
    expect(text).toMatch(/publish flow:flw_/i);
    expect(found(text, captured)).toEqual([]);
    expect(foundCodes(text, captured)).toEqual([]);
    expect(text).not.toMatch(/eyJ|@example\.com|Pixel/);
    // Nothing is stored there: it is a bell.
    const stores = heard.filter((line) =>
      /^(set|hset|lpush|rpush|sadd|zadd|xadd|eval|append|mset|incr)/i.test(line),
    );
    expect(stores).toEqual([]);
  });
});
