/**
 * The attack: learning the schema of a production gateway, by introspection, by a schema file, by a landing
 * page or by the suggestions in error texts, to find what is not documented.
 * The guarantee: in production none of them answers, on any transport; suggestions are given nowhere.
 */
import { post, send } from '../support/post';
import { SocketPeer, errorCode } from '../support/socket-peer';
import { startTiny, type Tiny } from '../support/tiny-app';

const PRODUCTION = { NODE_ENV: 'production', PUBLIC_URL: 'https://id.example.com' };

let production: Tiny;
let development: Tiny;
beforeAll(async () => {
  production = await startTiny(PRODUCTION);
  development = await startTiny();
});
afterAll(async () => {
  await production.server.close();
  await development.server.close();
});

const INTROSPECTIONS = [
  '{ __schema { queryType { name } } }',
  '{ __type(name: "Node") { name } }',
  '{ ... on Query { __type(name: "Node") { name } } }',
  '{ ...A } fragment A on Query { ...B } fragment B on Query { x: __type(name: "Node") { name } }',
  'query A { hello } query B { __schema { types { name } } }',
  'mutation { verifyChallenge } fragment A on Query { __schema { types { name } } }',
];

test.each(INTROSPECTIONS)('GQL-01 production answers no introspection: %s', async (query) => {
  const body = JSON.stringify({ query, operationName: query.includes('query A') ? 'A' : undefined });
  const answer = await send(production.url, { headers: { 'content-type': 'application/json' }, body });
  expect(answer.data).toBeUndefined();
  expect(['OPERATION_REJECTED', 'GRAPHQL_VALIDATION_FAILED']).toContain(answer.code);
});

test.each(INTROSPECTIONS)('GQL-01 nor by event stream: %s', async (query) => {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const answer = await send(production.url, {
    path: '/graphql/stream',
    headers,
    body: JSON.stringify({ query }),
  });
  expect(answer.text).not.toContain('"data"');
  expect(answer.text).toMatch(/OPERATION_REJECTED|GRAPHQL_VALIDATION_FAILED/);
});

test('GQL-01 nor by WebSocket', async () => {
  const peer = await SocketPeer.ready(production.port);
  for (const [index, query] of INTROSPECTIONS.entries()) {
    peer.subscribe(String(index), query);
    expect(['OPERATION_REJECTED', 'GRAPHQL_VALIDATION_FAILED']).toContain(
      errorCode(await peer.next('error')),
    );
  }
  peer.subscribe('s', 'subscription { count(to: 1) __schema { types { name } } }');
  expect(errorCode(await peer.next('error'))).toBe('OPERATION_REJECTED');
  peer.close();
});

test('GQL-01 __typename stays, since clients need it', async () => {
  expect((await post(production.url, '{ __typename }')).data).toEqual({ __typename: 'Query' });
});

test('GQL-01 production has no schema file, no pages and no landing page', async () => {
  for (const path of ['/schema.graphql', '/graphiql', '/', '/dev/inbox', '/assets/x.js']) {
    expect(
      await send(production.url, { method: 'GET', path, headers: { accept: 'text/html' } }),
    ).toMatchObject({
      status: 404,
      text: 'Not found\n',
    });
  }
  const landing = await send(production.url, { method: 'GET', headers: { accept: 'text/html' } });
  expect(landing).toMatchObject({ status: 405 });
  expect(landing.headers['content-type']).toContain('json');
});

test('GQL-01 development has introspection and the schema file', async () => {
  expect((await post(development.url, INTROSPECTIONS[0] ?? '')).errors).toEqual([]);
  expect((await send(development.url, { method: 'GET', path: '/schema.graphql' })).text).toContain(
    'type Query',
  );
});

test.each([
  '{ helo }',
  '{ hello { x } }',
  '{ echo(txt: "x") }',
  'query ($x: Strin) { hello }',
  'mutation { signIn(input: { pasword: "x" }) }',
  '{ ... on Nod { id } }',
  '{ hello @skp(if: true) }',
])('GQL-02 no suggestion is made: %s', async (query) => {
  for (const gateway of [production, development]) {
    const answer = await post(gateway.url, query);
    expect(answer.code).toBe('GRAPHQL_VALIDATION_FAILED');
    expect(answer.text).not.toMatch(/did you mean/i);
  }
});

test('GQL-02 nor about variables', async () => {
  const answer = await post(development.url, 'mutation ($i: SignInInput!) { signIn(input: $i) }', {
    i: { pasword: 'x' },
  });
  expect(answer.code).toBe('BAD_USER_INPUT');
  expect(answer.text).not.toMatch(/did you mean/i);
});
