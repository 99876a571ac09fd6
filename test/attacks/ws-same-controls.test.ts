/**
 * The attack: going around the controls of HTTP by the socket or the event stream, which many servers answer
 * with another code path: no document limits, introspection, mutations that nobody counts, raw error texts.
 * The guarantee: all transports share one store of checked documents and one function that makes errors
 * public.
 */
import { post, send } from '../support/post';
import { SocketPeer, errorCode, type Frame } from '../support/socket-peer';
import { startTiny, type Tiny } from '../support/tiny-app';

let gateway: Tiny;
let peer: SocketPeer;
beforeAll(async () => {
  gateway = await startTiny();
});
afterAll(() => gateway.server.close());
beforeEach(async () => {
  gateway.calls.clear();
  gateway.lines.splice(0);
  peer = await SocketPeer.ready(gateway.port);
});
afterEach(() => peer.close());

const times = (count: number, text: (index: string) => string): string =>
  Array.from({ length: count }, (_, index) => text(String(index))).join(' ');

/** The events that an event stream answers with, as data. */
async function streamed(query: string, variables?: object): Promise<unknown[]> {
  const headers = { 'content-type': 'application/json', accept: 'text/event-stream' };
  const body = JSON.stringify({ query, variables });
  const { text } = await send(gateway.url, { path: '/graphql/stream', headers, body });
  return [...text.matchAll(/^event: next\ndata: (.*)$/gm)].map(
    ([, data]) => JSON.parse(data ?? '') as unknown,
  );
}

const REJECTED: readonly [string, string][] = [
  ['a mutation', 'mutation { verifyChallenge(code: "1") }'],
  ['a query', '{ hello }'],
  ['introspection', '{ __schema { types { name } } }'],
  ['1,000 aliases', `subscription { ${times(400, (index) => `a${index}:news`)} }`],
  ['11 aliases', `subscription { ${times(11, (index) => `a${index}: news`)} }`],
  [
    'two root fields by fragments',
    `subscription { ...F0 } ${times(25, (i) => `fragment F${i} on Subscription { ...F${String(Number(i) + 1)} ...F${String(Number(i) + 1)} }`)} fragment F25 on Subscription { news }`,
  ],
  ['10,001 characters', `subscription { news }${' '.repeat(10_000)}`],
];

test.each(REJECTED)(
  'WS-04 %s is rejected on the socket with one error, and the socket lives on',
  async (_what, query) => {
    peer.subscribe('1', query);
    const error = await peer.next('error');
    expect(errorCode(error)).toBe('OPERATION_REJECTED');
    peer.subscribe('1', 'subscription { count(to: 1) }');
    await peer.next('complete');
    expect(peer.frames).toEqual([{ id: '1', type: 'next', payload: { data: { count: '1' } } }]);
    expect(gateway.calls.size).toBe(0);
  },
);

test.each(REJECTED)('WS-04 %s is rejected on the event stream', async (_what, query) => {
  expect(await streamed(query)).toEqual([
    { errors: [expect.objectContaining({ extensions: { code: 'OPERATION_REJECTED' } })] },
  ]);
  expect(gateway.calls.size).toBe(0);
});

const FAILING: readonly [string, string, object, string][] = [
  ['a broken document', 'subscription {', {}, 'GRAPHQL_PARSE_FAILED'],
  ['an unknown field', 'subscription { newss }', {}, 'GRAPHQL_VALIDATION_FAILED'],
  ['two root fields', 'subscription { news count(to: 1) }', {}, 'GRAPHQL_VALIDATION_FAILED'],
  [
    'a secret in a wrong variable',
    'subscription ($to: Int!) { count(to: $to) }',
    { to: 'hunter2' },
    'BAD_USER_INPUT',
  ],
  ['a secret in the document', 'subscription { count(to: "hunter2") }', {}, 'GRAPHQL_VALIDATION_FAILED'],
  ['a source that refuses', 'subscription { refused }', {}, 'UNAUTHENTICATED'],
];

test.each(FAILING)(
  'WS-04 %s: one error, the same public text as by HTTP, no event',
  async (_what, query, variables, code) => {
    peer.send({ id: '1', type: 'subscribe', payload: { query, variables } });
    const error = await peer.next('error');
    expect(errorCode(error)).toBe(code);
    peer.send({ type: 'ping' });
    await peer.next('pong');
    expect(peer.frames).toEqual([]);
    expect(await streamed(query, variables)).toEqual([{ errors: error.payload }]);
    expect(JSON.stringify(error) + gateway.lines.join('')).not.toMatch(/did you mean|hunter2/i);
  },
);

test('WS-05 whatever is refused is refused alike, byte for byte', async () => {
  const answers: Frame[] = [];
  for (const id of ['1', '2', '3']) {
    peer.subscribe(id, 'subscription { refused }');
    answers.push({ ...(await peer.next('error')), id: '' });
  }
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
});

test('WS-06 an event that its resolver refuses carries no data', async () => {
  peer.subscribe('1', 'subscription { secret }');
  const event = await peer.next('next');
  expect(event.payload).toMatchObject({
    data: { secret: null },
    errors: [{ extensions: { code: 'UNAUTHENTICATED' } }],
  });
});

test('GQL-08 a source that breaks in the middle says only that, on both streams', async () => {
  peer.subscribe('1', 'subscription { broken }');
  expect((await peer.next('next')).payload).toEqual({ data: { broken: '1' } });
  const error = await peer.next('error');
  const events = await streamed('subscription { broken }');
  expect(errorCode(error)).toBe('INTERNAL_SERVER_ERROR');
  expect(events).toHaveLength(2);
  expect(JSON.stringify([error, events])).not.toMatch(/vault|srv/);
  expect(gateway.lines.filter((line) => line.includes('the vault of /srv is open'))).toHaveLength(2);
});

test('GQL-01 what HTTP refuses in a document is refused here in the same words', async () => {
  const query = `subscription { ${times(11, (index) => `a${index}: news`)} }`;
  const { errors } = await post(gateway.url, query);
  peer.subscribe('1', query);
  expect((await peer.next('error')).payload).toEqual(errors);
});

test('LOG-02 the log names the root fields of a subscription and nothing else of it', async () => {
  peer.send({
    id: '1',
    type: 'subscribe',
    payload: {
      query: 'subscription Hunter2($to: Int!) { hunter2: count(to: $to) }',
      variables: { to: 1, hunter2: 'hunter2' },
    },
  });
  await peer.next('complete');
  const line = gateway.lines.find((text) => text.includes('"subscription"')) ?? '{}';
  expect(JSON.parse(line)).toMatchObject({ method: 'WS', path: '/graphql', fields: ['count'] });
  expect(gateway.lines.join('')).not.toMatch(/hunter2/i);
});
