/**
 * The attack: knowing the password and nothing else, and trying what the gateway hands out before the second factor as
 * if it were a session: as bearer, cookie, refresh token, at the socket, against every operation, and after its time.
 * The guarantee: a flow token is good for the next step of its own sign-in, for ten minutes, and for one session; a
 * repeat of the completing call within 30 s gets that same session again.
 */
import {
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isLeafType,
  getNamedType,
  type GraphQLField,
  type GraphQLInputType,
} from 'graphql';
import { newToken, systemChance } from '../../src/platform';
import { gatewaySchema } from '../../src/schema';
import { answer, codeOf, flowTokens, sessionCount, userWithApp } from '../support/attempts';
import { describeOnEachBackend, describeOnServers } from '../support/backends';
import { follow } from '../support/follow';
import { GOT, PASSWORD, World, type Reply } from '../support/world';

const TOKENS = 'tokens { accessToken refreshToken session { id } }';

describeOnEachBackend('a flow token', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  const refusedAs = (reply: Reply): string | undefined => reply.errors?.[0]?.extensions.code;

  test('FLOW-01 FLOW-02 the right password of a user with a factor gives nothing that is good as a session', async () => {
    const user = await userWithApp(world);
    const reply = await world.a.ask(
      `mutation($input: SignInInput!) { signIn(input: $input) { ${GOT} errors { code } } }`,
      { input: { email: user.email, password: PASSWORD } },
      { headers: { origin: 'https://id.example.com', 'factorgate-tokens': 'cookie' } },
    );
    expect(reply.headers.getSetCookie()).toEqual([]);
    expect(reply.data.signIn).toMatchObject({
      tokens: null,
      errors: [],
      flow: { status: 'CHALLENGE_PENDING' },
    });
    expect(reply.body).not.toMatch(/eyJ/);
    const values = [...new Set([...stringsOf(reply.data), ...reply.headers.values()])].filter((text) =>
      /^[\x21-\x7e]+$/.test(text),
    );
    expect(values).toContain(reply.data.signIn.flowToken);
    for (const value of values) {
      expect(
        refusedAs(await world.a.ask('{ viewer { id } }', {}, { authorization: `Bearer ${value}` })),
      ).toBe('UNAUTHENTICATED');
      const cookie = [
        'factorgate-refresh',
        '__Host-factorgate-refresh',
        '__Secure-factorgate-refresh',
        'session',
      ]
        .map((name) => `${name}=${value}`)
        .join('; ');
      const seen = await world.a.ask('{ viewer { id } }', {}, { headers: { cookie } });
      expect(seen.data.viewer).toBeNull();
      expect(codeOf(await world.a.mutate('refreshTokens', { refreshToken: value }, TOKENS))).toBe(
        'INVALID_TOKEN',
      );
    }
    const url = world.a.graphqlUrl.replace('http', 'ws');
    const stream = follow(
      url,
      { query: 'subscription { approvalRequested { id } }' },
      'approvalRequested',
      `Bearer ${String(reply.data.signIn.flowToken)}`,
    );
    await expect(stream.ended).rejects.toThrow();
    expect(stream.states).toEqual([]);
    expect(await sessionCount(world, user)).toBe(1);
  });

  test('FLOW-04 as bearer it opens no operation of the schema', async () => {
    const user = await userWithApp(world);
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    const schema = gatewaySchema();
    const fields = [
      ...Object.values(schema.getQueryType()?.getFields() ?? {}).map((field) => ['query', field] as const),
      ...Object.values(schema.getMutationType()?.getFields() ?? {}).map(
        (field) => ['mutation', field] as const,
      ),
    ];
    const isOpenToAll =
      /\*\*Anyone\.\*\*|\*\*(Flow|Enrollment|Refresh) token\.\*\*|or (report|enrollment) token\.\*\*|Device\.\*\*|pairing/i;
    // Answered to anybody, and in the same way whoever asks.
    const isForAnybody = ['gateway', 'startPasswordReset'];
    for (const [operation, field] of fields) {
      const reply = await world.a.ask(
        documentOf(operation, field),
        {},
        { authorization: `Bearer ${flowToken}` },
      );
      const payload = reply.data?.[field.name] as { errors?: { code: string }[] } | null | undefined;
      const outcome = refusedAs(reply) ?? payload?.errors?.[0]?.code ?? (payload ? 'shown' : 'nothing');
      if (isForAnybody.includes(field.name)) expect([field.name, outcome]).toEqual([field.name, 'shown']);
      else if (isOpenToAll.test(field.description ?? ''))
        expect([field.name, outcome]).not.toEqual([field.name, 'shown']);
      else expect([field.name, outcome]).toEqual([field.name, 'UNAUTHENTICATED']);
    }
  });

  test('FLOW-04 a flow that waits for a factor enrolls none', async () => {
    const user = await userWithApp(world);
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    for (const kind of ['TOTP', 'PUSH']) {
      const started = await world.a.mutate('startEnrollment', { kind, flowToken }, 'enrollmentToken');
      expect([started.enrollmentToken, codeOf(started)]).toEqual([null, 'WRONG_STATUS']);
    }
  });

  test('FLOW-03 a token has 256 random bits and no two are alike', async () => {
    const tokens = Array.from({ length: 1000 }, () => newToken(systemChance));
    expect(new Set(tokens).size).toBe(1000);
    for (const token of tokens) expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const user = await userWithApp(world);
    expect((await flowTokens(world, user, 1))[0]).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });

  test('FLOW-03 it is good for ten minutes, however busy it is', async () => {
    const user = await userWithApp(world);
    const { flowToken, flow } = await user.signIn();
    await world.advance(590);
    const factorId = flow.factors[0].id as string;
    expect((await world.a.mutate('startChallenge', { flowToken, factorId }, GOT)).errors).toEqual([]);
    await world.advance(11);
    for (const name of ['startChallenge', 'completeAuthFlow', 'cancelAuthFlow']) {
      const input = name === 'startChallenge' ? { flowToken, factorId } : { flowToken };
      expect([name, codeOf(await world.a.mutate(name, input, GOT))]).toEqual([name, 'INVALID_TOKEN']);
    }
    const late = await answer(world.a, flowToken, await user.code());
    expect([late.tokens, codeOf(late)]).toEqual([null, 'INVALID_TOKEN']);
  });

  test('FLOW-03 what time has ended is recorded, also where the challenge ended with its flow', async () => {
    const user = await userWithApp(world);
    const { flow } = await user.signIn();
    await world.advance(601);
    await world.a.app.sweep();
    const row = await world.database.row<{ flow: string; challenge: string }>(
      `SELECT f.status AS flow, c.status AS challenge FROM auth_flow f JOIN challenge c ON c.flow_id = f.id WHERE f.id = $1`,
      [flow.id],
    );
    expect(row).toEqual({ flow: 'EXPIRED', challenge: 'EXPIRED' });
  });

  test('FLOW-03 the same completing call gets the same session again for 30 s, any other call none', async () => {
    const user = await userWithApp(world);
    const before = await sessionCount(world, user);
    const [flowToken] = (await flowTokens(world, user, 1)) as [string];
    const code = await user.code();
    const first = await answer(world.a, flowToken, code);
    const other = await answer(world.b, flowToken, await user.code(1));
    expect([other.tokens, codeOf(other)]).toEqual([null, 'INVALID_TOKEN']);
    expect(codeOf(await world.a.mutate('completeAuthFlow', { flowToken }, GOT))).toBe('INVALID_TOKEN');
    await world.advance(29);
    const again = await answer(world.b, flowToken, code);
    expect(again.tokens.session.id).toBe(first.tokens.session.id);
    expect(again.tokens.refreshToken).toBe(first.tokens.refreshToken);
    await world.advance(2);
    const late = await answer(world.a, flowToken, code);
    expect([late.tokens, codeOf(late)]).toEqual([null, 'INVALID_TOKEN']);
    expect(await sessionCount(world, user)).toBe(before + 1);
  });

  test('FLOW-10 after five wrong answers the flow is over, also when the delay has passed', async () => {
    const user = await userWithApp(world);
    const [flowToken, spare] = (await flowTokens(world, user, 2)) as [string, string];
    const codes = ['000001', '000002', '000003', '000004', '000005', '000006'];
    const right = await Promise.all([-1, 0, 1].map((step) => user.code(step)));
    const wrong = codes.filter((code) => !right.includes(code)).slice(0, 5);
    const replies = [];
    for (const code of wrong) replies.push(codeOf(await answer(world.a, flowToken, code)));
    expect(replies.at(-1)).toBe('TOO_MANY_ATTEMPTS');
    await world.advance(31);
    const late = await answer(world.a, flowToken, await user.code());
    expect([late.tokens, codeOf(late), late.flow.status]).toEqual([null, 'INVALID_TOKEN', 'LOCKED']);
    expect((await answer(world.a, spare, await user.code())).flow.status).toBe('COMPLETED');
  });

  test('FLOW-10 switching the challenge does not bring the spent answers back', async () => {
    const user = await userWithApp(world);
    const { flowToken, flow } = await user.signIn();
    for (let wrong = 0; wrong < 4; wrong += 1) await answer(world.a, flowToken, await user.code(9 + wrong));
    // Time ends the challenge, so that a new one begins.
    await world.advance(301);
    const started = await world.a.mutate('startChallenge', { flowToken, factorId: flow.factors[0].id }, GOT);
    expect(started.flow.challenge.attemptsRemaining).toBe(1);
  });
});

describeOnServers('a flow token at the same instant', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend, { gateways: 2 })));
  afterAll(() => world.close());

  test('FLOW-09 of 50 right answers at once over two processes one session comes', async () => {
    for (let round = 0; round < 3; round += 1) {
      const user = await userWithApp(world);
      const before = await sessionCount(world, user);
      const [flowToken] = (await flowTokens(world, user, 1)) as [string];
      const code = await user.code();
      const replies = await Promise.all(
        Array.from({ length: 50 }, (_, index) => answer(index % 2 ? world.a : world.b, flowToken, code)),
      );
      const sessions = new Set(
        replies.flatMap(({ tokens }) => (tokens ? [tokens.session.id as string] : [])),
      );
      const refreshTokens = new Set(
        replies.flatMap(({ tokens }) => (tokens ? [tokens.refreshToken as string] : [])),
      );
      expect([sessions.size, refreshTokens.size]).toEqual([1, 1]);
      expect(await sessionCount(world, user)).toBe(before + 1);
      const codes = new Set(replies.filter(({ tokens }) => !tokens).map(codeOf));
      expect([...codes].filter((code) => !OTHERWISE.includes(code ?? ''))).toEqual([]);
    }
  });

  test('FLOW-03 of 50 collections at once over two processes all get the one session', async () => {
    const user = await world.user();
    const { flowToken } = await user.signIn({ minimumAssurance: 'AAL2' });
    const started = await world.a.mutate(
      'startEnrollment',
      { kind: 'TOTP', flowToken },
      'enrollmentToken enrollment { setup { ... on TotpSetup { secret } } }',
    );
    user.apps.push(started.enrollment.setup.secret.replaceAll(' ', ''));
    const { enrollmentToken } = started;
    await world.a.mutate(
      'confirmEnrollment',
      { enrollmentToken, proof: { code: await user.code() } },
      'flow { status }',
    );
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (index % 2 ? world.a : world.b).mutate('completeAuthFlow', { flowToken }, GOT),
      ),
    );
    expect(new Set(replies.map(({ tokens }) => tokens?.session.id as string)).size).toBe(1);
    expect(new Set(replies.map(({ tokens }) => tokens?.refreshToken as string)).size).toBe(1);
    expect(await sessionCount(world, user)).toBe(1);
  });
});

/** What an answer that came too late may be told; whichever it is, it gave nothing. */
const OTHERWISE = ['INVALID_TOKEN', 'INVALID_CODE', 'CHALLENGE_CLOSED', 'RATE_LIMITED', 'TOO_MANY_ATTEMPTS'];

const stringsOf = (value: unknown): string[] =>
  typeof value === 'string'
    ? [value]
    : value && typeof value === 'object'
      ? Object.values(value).flatMap(stringsOf)
      : [];

/** An operation on this field with made-up arguments, so that the credential is all that could open it. */
function documentOf(operation: 'query' | 'mutation', field: GraphQLField<unknown, unknown>): string {
  const args = field.args.map((arg) => `${arg.name}: ${literal(arg.type)}`).join(', ');
  const type = getNamedType(field.type);
  const selection = isLeafType(type)
    ? ''
    : `{ __typename ${operation === 'mutation' ? 'errors { code }' : ''} }`;
  return `${operation} { ${field.name}${args ? `(${args})` : ''} ${selection} }`;
}

function literal(type: GraphQLInputType): string {
  if (isNonNullType(type)) return literal(type.ofType);
  if (isListType(type)) return `[${literal(type.ofType)}]`;
  if (isEnumType(type)) return type.getValues()[0]?.name ?? '';
  if (!isInputObjectType(type)) return LITERALS[type.name] ?? '"x@example.com"';
  const fields = Object.values(type.getFields());
  const wanted = type.isOneOf ? fields.slice(0, 1) : fields.filter((field) => isNonNullType(field.type));
  return `{ ${wanted.map((field) => `${field.name}: ${literal(field.type)}`).join(', ')} }`;
}

const LITERALS: Readonly<Record<string, string>> = {
  Int: '1',
  Boolean: 'true',
  DateTime: '"2031-03-01T09:00:00Z"',
  IP: '"192.0.2.1"',
  JSONObject: '{ kty: "EC" }',
};
