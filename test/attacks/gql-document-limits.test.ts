/**
 * The attack: one small document that makes the server work long (fragments that fan out, deep nesting), or
 * that makes one request count as one guess while it holds a thousand (aliases, many mutations).
 * The guarantee: documents are bounded before anything of them runs, and the bounding itself takes linear
 * time.
 */
import { getIntrospectionQuery } from 'graphql';
import { cpuWatch } from '../support/cpu-watch';
import { post, send } from '../support/post';
import { startTiny, type Tiny } from '../support/tiny-app';

let gateway: Tiny;
beforeAll(async () => {
  gateway = await startTiny();
});
afterAll(() => gateway.server.close());
beforeEach(() => gateway.calls.clear());

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');

const OVER: readonly [string, string][] = [
  ['10,001 characters', `{ hello }${' '.repeat(9_992)}`],
  ['1,001 tokens', `{ ${'hello '.repeat(999)} }`],
  ['9 levels', `{ ${'node { '.repeat(8)}id${' }'.repeat(8)} }`],
  ['11 aliases', `{ node { ${times(11, (index) => `a${index}: id`)} } }`],
  ['1,000 aliases', `{ ${times(1_000, (index) => `a${index}:hello`)} }`],
  ['6 root fields', `{ ${times(6, (index) => `a${index}: hello`)} }`],
  ['21 directives', `{ hello ${'@skip(if: false) '.repeat(21)} }`],
  ['501 selections', `{ node { ${'id '.repeat(500)} } }`],
  [
    'a fan-out of 2^25',
    `{ node { ...F0 } } ${times(25, (i) => `fragment F${i} on Node { ...F${i + 1} ...F${i + 1} }`)} fragment F25 on Node { id }`,
  ],
  [
    'a fan-out of root fields',
    `{ ...F0 } ${times(25, (i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`)} fragment F25 on Query { hello }`,
  ],
  [
    'a fragment cycle',
    '{ node { ...A } } fragment A on Node { node { ...B } } fragment B on Node { node { ...A } }',
  ],
  ['a fragment of itself', '{ ...A } fragment A on Query { ...A ...A }'],
];

test.each(OVER)('GQL-03 %s are refused with less than 100 ms of work', async (_what, query) => {
  await post(gateway.url, '{ who }');
  gateway.calls.clear();
  const spent = cpuWatch();
  const answer = await post(gateway.url, query);
  expect(spent()).toBeLessThan(100);
  expect(answer.code).toBe('OPERATION_REJECTED');
  expect(answer.data).toBeUndefined();
  expect(gateway.calls.size).toBe(0);
});

test('GQL-03 what keeps every limit runs', async () => {
  const query = `{ ${'node { '.repeat(7)}id${' }'.repeat(7)} ${times(4, (index) => `a${index}: hello`)} }`;
  const answer = await post(gateway.url, query);
  expect(answer.errors).toEqual([]);
  expect(gateway.calls.get('hello')).toBe(4);
});

test('GQL-03 the introspection of development tools keeps them too', async () => {
  const full = getIntrospectionQuery({
    inputValueDeprecation: true,
    oneOf: true,
    schemaDescription: true,
    specifiedByUrl: true,
  });
  const answer = await post(gateway.url, full);
  expect(answer.errors).toEqual([]);
  expect(answer.data).toMatchObject({ __schema: { queryType: { name: 'Query' } } });
});

test('GQL-03 documents within the limits are validated within 500 ms of work, however they are made', async () => {
  const conflicts = `{ node { ${times(240, (index) => (index % 2 ? 'node { id }' : 'id'))} } }`;
  const spreads = `{ node { ${times(60, (index) => `...F${index}`)} } } ${times(60, (index) => `fragment F${index} on Node { id node { id } }`)}`;
  const operations = times(120, (index) => `query Q${index} { unknown${index} }`);
  const lists = `{ echo(text: ${'['.repeat(490)}${']'.repeat(490)}) }`;
  for (const query of [conflicts, spreads, operations, lists]) {
    const spent = cpuWatch();
    await post(gateway.url, query);
    expect(spent()).toBeLessThan(500);
  }
});

test.each([
  ['aliases', 'mutation { a: verifyChallenge(code: "1") b: verifyChallenge(code: "2") }'],
  ['two kinds', 'mutation { signIn(input: { password: "x" }) verifyChallenge(code: "1") }'],
  [
    'fragments',
    'mutation { ...A ...B } fragment A on Mutation { a: verifyChallenge } fragment B on Mutation { b: verifyChallenge }',
  ],
  ['an inline fragment', 'mutation { a: verifyChallenge ... on Mutation { b: verifyChallenge } }'],
  ['two operations', 'mutation A { verifyChallenge } mutation B { verifyChallenge }'],
])('GQL-04 two authentication mutations by %s: neither runs', async (_how, query) => {
  const body = JSON.stringify({
    query,
    operationName: query.includes(' A {') && !query.includes('...') ? 'A' : undefined,
  });
  const answer = await send(gateway.url, { headers: { 'content-type': 'application/json' }, body });
  expect(answer.code).toBe('OPERATION_REJECTED');
  expect(gateway.calls.size).toBe(0);
});

test('GQL-04 one authentication mutation beside others runs once', async () => {
  const answer = await post(gateway.url, 'mutation { verifyChallenge(code: "1") remember }');
  expect(answer.data).toMatchObject({ verifyChallenge: '1' });
  expect(gateway.calls.get('verifyChallenge')).toBe(1);
});

test('GQL-03 a subscription is no request: it is sent elsewhere, not answered once', async () => {
  expect((await post(gateway.url, 'subscription { count(to: 1) }')).code).toBe('OPERATION_REJECTED');
});
