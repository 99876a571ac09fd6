/**
 * The attack: provoking errors to read from them, be it SQL, paths, stacks and library names that help the
 * next attack, or a password that somebody typed into the wrong place and that now stands in a reply or a
 * log.
 * The guarantee: only the closed list of codes and fixed texts leave; the log has the detail, and no secret.
 */
import { REQUEST_CODES } from '../../src/kernel';
import { post, send, type Answer } from '../support/post';
import { startTiny, type Tiny } from '../support/tiny-app';

let gateway: Tiny;
beforeAll(async () => {
  gateway = await startTiny();
});
afterAll(() => gateway.server.close());
beforeEach(() => gateway.lines.splice(0));

const CANARY = 'hunter2-canary';
const SIGN_IN = 'mutation ($input: SignInInput!) { signIn(input: $input) }';
const headers = { 'content-type': 'application/json' };

const errors: readonly [string, () => Promise<Answer>, string][] = [
  ['an exception in a resolver', () => post(gateway.url, '{ boom }'), 'INTERNAL_SERVER_ERROR'],
  [
    'an error of a library with its own code',
    () => post(gateway.url, '{ mistake }'),
    'INTERNAL_SERVER_ERROR',
  ],
  ['a limit', () => post(gateway.url, '{ limited }'), 'RATE_LIMITED'],
  ['an outage', () => post(gateway.url, '{ outage }'), 'SERVICE_UNAVAILABLE'],
  [
    'a bad credential',
    () => post(gateway.url, '{ who }', {}, { authorization: 'Bearer forged' }),
    'UNAUTHENTICATED',
  ],
  ['a broken document', () => post(gateway.url, '{ echo(text: "a" "b") '), 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', () => post(gateway.url, '{ vault }'), 'GRAPHQL_VALIDATION_FAILED'],
  ['no operation', () => post(gateway.url, 'fragment A on Query { hello }'), 'GRAPHQL_VALIDATION_FAILED'],
  [
    'two operations and no name',
    () => post(gateway.url, 'query A { hello } query B { hello }'),
    'GRAPHQL_VALIDATION_FAILED',
  ],
  ['a wrong variable', () => post(gateway.url, SIGN_IN, { input: { password: [1] } }), 'BAD_USER_INPUT'],
  [
    'a null where none may be',
    () => post(gateway.url, 'query ($t: String = "x") { required(text: $t) }', { t: null }),
    'BAD_USER_INPUT',
  ],
  ['an empty document', () => post(gateway.url, ''), 'GRAPHQL_PARSE_FAILED'],
  ['a body that is no JSON', () => send(gateway.url, { headers, body: '{' }), 'BAD_USER_INPUT'],
];

test.each(errors)('GQL-08 %s is answered with a code of the list', async (_what, provoke, code) => {
  const answer = await provoke();
  expect(answer.code).toBe(code);
  for (const error of answer.errors) {
    expect(REQUEST_CODES).toContain(error.extensions.code);
    expect(Object.keys(error.extensions).filter((key) => key !== 'code' && key !== 'correlationId')).toEqual(
      [],
    );
  }
  expect(answer.text).not.toMatch(
    /apollo|graphql-js|fastify|node_modules|\.ts|stack|SELECT|vault\b.*srv|library text|FST_/i,
  );
});

test('GQL-08 an unexpected error carries an id under which the log has the rest', async () => {
  const answer = await post(gateway.url, '{ boom }');
  const id = answer.errors[0]?.extensions.correlationId;
  expect(id).toMatch(/^[\w-]{16}$/);
  const line = gateway.lines.find((text) => text.includes('unexpected error')) ?? '';
  expect(JSON.parse(line)).toMatchObject({
    requestId: id,
    error: expect.stringContaining('SELECT secret') as string,
  });
});

test('GQL-08 where the whole request fails by a limit or an outage, HTTP says so', async () => {
  const limited = await post(gateway.url, '{ limited }');
  expect(limited).toMatchObject({ status: 429, data: null, headers: { 'retry-after': '60' } });
  expect(await post(gateway.url, '{ outage }')).toMatchObject({ status: 503, data: null });
  expect(await post(gateway.url, '{ hello partial }')).toMatchObject({
    status: 200,
    data: { hello: 'world' },
  });
});

test.each([
  ['a variable of the wrong type', SIGN_IN, { input: { password: [CANARY] } }],
  ['a variable that a scalar refuses', SIGN_IN, { input: { email: CANARY, password: CANARY } }],
  ['a boolean that is a password', SIGN_IN, { input: { password: 'x', remember: CANARY } }],
  ['an input that is a password', SIGN_IN, { input: CANARY }],
  ['a value in the document', `mutation { signIn(input: { password: ["${CANARY}"] }) }`, {}],
  ['a value that a scalar refuses', `mutation { signIn(input: { email: "${CANARY}", password: "x" }) }`, {}],
  ['an enum-like value', `{ echo(text: ${CANARY.replace('-', '_')}) }`, {}],
  ['a broken document', `{ echo(text: "a" "${CANARY}") }`, {}],
])('LOG-02 %s is repeated neither in the reply nor in the log', async (_where, query, variables) => {
  const answer = await post(gateway.url, query, variables);
  expect(answer.errors).not.toHaveLength(0);
  expect(answer.text + gateway.lines.join('')).not.toMatch(/hunter2/);
});

test('LOG-02 the request log names the fields and nothing else of a request', async () => {
  await send(gateway.url, {
    path: `/graphql?token=${CANARY}`,
    headers: { ...headers, authorization: `Bearer ${CANARY}`, cookie: `a=${CANARY}`, 'user-agent': CANARY },
    body: JSON.stringify({
      query: `mutation Canary_hunter2 ($v: SignInInput!) { hunter2: signIn(input: $v) }`,
      variables: { v: { password: CANARY } },
    }),
  });
  await send(gateway.url, { method: 'GET', path: `/nothing?token=${CANARY}` });
  const lines = gateway.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toContainEqual(
    expect.objectContaining({
      msg: 'request',
      method: 'POST',
      path: '/graphql',
      status: 200,
      fields: ['signIn'],
    }),
  );
  expect(gateway.lines.join('')).not.toContain('hunter2');
});

test('LOG-05 a path with control characters stays one line of JSON', async () => {
  await send(gateway.url, { method: 'GET', path: '/a%0Ab%1B%5B31m' });
  expect(gateway.lines).toHaveLength(1);
  expect(JSON.parse(gateway.lines[0] ?? '')).toMatchObject({ path: '/a%0Ab%1B%5B31m', status: 404 });
});

test('GQL-08 an address that cannot be read is not repeated', async () => {
  const answer = await send(gateway.url, { method: 'GET', path: `/%zz${CANARY}` });
  expect(answer).toMatchObject({ status: 400, text: 'Bad request\n' });
});
