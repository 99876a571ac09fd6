/**
 * The attack: a body that costs more to read than to send. Megabytes, deep nesting, a compressed bomb, or an
 * encoding that a filter in front reads otherwise than the gateway.
 * The guarantee: a body is at most 64 KiB of plain UTF-8 JSON, 32 levels deep; anything else is refused
 * unread.
 */
import { gzipSync } from 'node:zlib';
import { cpuWatch } from '../support/cpu-watch';
import { post, send } from '../support/post';
import { startTiny, type Tiny } from '../support/tiny-app';

let gateway: Tiny;
beforeAll(async () => {
  gateway = await startTiny();
});
afterAll(() => gateway.server.close());
beforeEach(() => gateway.calls.clear());

const JSON_TYPE = { 'content-type': 'application/json' };
const LIMIT = 64 * 1024;

/** A request of exactly so many bytes. */
function sized(bytes: number): string {
  const text = (padding: string): string => JSON.stringify({ query: '{ hello }', variables: { padding } });
  return text('x'.repeat(bytes - text('').length));
}

test('GQL-06 64 KiB are read, one byte more is not', async () => {
  expect(await send(gateway.url, { headers: JSON_TYPE, body: sized(LIMIT) })).toMatchObject({ status: 200 });
  const answer = await send(gateway.url, { headers: JSON_TYPE, body: sized(LIMIT + 1) });
  expect(answer).toMatchObject({ status: 413, code: 'OPERATION_REJECTED' });
  expect(gateway.calls.get('hello')).toBe(1);
});

test('GQL-06 a body without a length is cut off at the limit', async () => {
  const headers = { ...JSON_TYPE, 'transfer-encoding': 'chunked' };
  const answer = await send(gateway.url, { headers, body: sized(LIMIT + 1) });
  expect(answer).toMatchObject({ status: 413, code: 'OPERATION_REJECTED' });
});

test('GQL-06 10 MB are refused by their head', async () => {
  const sending = send(gateway.url, { headers: { ...JSON_TYPE, 'content-length': 10_000_000 }, body: '{' });
  expect(await sending).toMatchObject({ status: 413 });
});

test.each([33, 10_000])('GQL-06 JSON of depth %d is refused before it is parsed', async (depth) => {
  const body = `{"query":"{ hello }","variables":{"x":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
  const spent = cpuWatch();
  const answer = await send(gateway.url, { headers: JSON_TYPE, body });
  expect(answer).toMatchObject({ status: 400, code: 'OPERATION_REJECTED' });
  expect(spent()).toBeLessThan(100);
});

test.each([
  ['UTF-16', Buffer.from('{"query":"{ hello }"}', 'utf16le')],
  ['UTF-32', Buffer.from([...'{"query":"{ hello }"}'].flatMap((char) => [char.charCodeAt(0), 0, 0, 0]))],
  ['UTF-7', Buffer.from('+AHs-"query":"+AHs- hello +AH0-"+AH0-')],
  [
    'broken UTF-8',
    Buffer.from([...Buffer.from('{"query":"{ echo(text: \\"'), 0xff, 0xc0, ...Buffer.from('\\") }"}')]),
  ],
])('GQL-06 a body in %s is refused', async (_encoding, body) => {
  const answer = await send(gateway.url, { headers: JSON_TYPE, body });
  expect(answer).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
  expect(gateway.calls.size).toBe(0);
});

test.each(['gzip', 'deflate', 'br', 'gzip, gzip', 'x-unknown'])(
  'GQL-06 the content encoding %s is refused',
  async (encoding) => {
    const bomb = gzipSync(Buffer.alloc(10_000_000, ' '));
    const headers = { ...JSON_TYPE, 'content-encoding': encoding };
    expect(await send(gateway.url, { headers, body: bomb })).toMatchObject({
      status: 415,
      code: 'BAD_USER_INPUT',
    });
  },
);

test.each([
  ['no body', ''],
  ['half a body', '{"query":"{ hel'],
  ['a text', '"{ hello }"'],
  ['null', 'null'],
  ['a document tree', '{"query":{"kind":"Document","definitions":[]}}'],
  ['variables as text', '{"query":"{ hello }","variables":"{}"}'],
  ['variables as a list', '{"query":"{ hello }","variables":[]}'],
  ['a name that is no text', '{"query":"{ hello }","operationName":{}}'],
  ['a poisoned prototype', '{"query":"{ hello }","variables":{"__proto__":{"isAdmin":true}}}'],
  ['an escaped poisoned prototype', '{"query":"{ hello }","variables":{"\\u005f_proto__":{"isAdmin":true}}}'],
  ['a poisoned constructor', '{"query":"{ hello }","constructor":{"prototype":{"isAdmin":true}}}'],
])('GQL-10 %s is refused', async (_what, body) => {
  const answer = await send(gateway.url, { headers: JSON_TYPE, body });
  expect(answer).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
  expect(gateway.calls.size).toBe(0);
});

test('GQL-10 an object, a list or a number in place of a text is refused', async () => {
  for (const text of [{ $ne: 1 }, ['a'], { toString: 'x' }, 1]) {
    const answer = await post(gateway.url, 'query ($text: String) { echo(text: $text) }', { text });
    expect(answer.code).toBe('BAD_USER_INPUT');
  }
  expect(gateway.calls.size).toBe(0);
});
