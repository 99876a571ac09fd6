/**
 * The attack: a page of another site makes the victim's browser send an operation. Forms, images and beacons
 * need no permission for GET, for text/plain, for forms and multipart; a lenient parser would run what they
 * carry.
 * The guarantee: only a POST of application/json in UTF-8 is an operation, and that always needs a CORS
 * preflight.
 */
import { startTiny, type Tiny } from '../support/tiny-app';
import { send } from '../support/post';

let gateway: Tiny;
beforeAll(async () => {
  gateway = await startTiny();
});
afterAll(() => gateway.server.close());
beforeEach(() => gateway.calls.clear());

const body = JSON.stringify({ query: '{ hello }' });

test.each([
  'application/json',
  'application/json; charset=utf-8',
  'Application/JSON;charset="UTF-8"',
  'application/json ;charset=utf-8',
])('GQL-05 the content type %s is accepted', async (type) => {
  const answer = await send(gateway.url, { headers: { 'content-type': type }, body });
  expect(answer).toMatchObject({ status: 200, data: { hello: 'world' } });
});

test.each([
  'text/plain',
  'text/plain; application/json',
  'text/plain;charset=utf-8',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'application/graphql',
  'application/json-patch+json',
  'application/json+x',
  'application/json; charset=utf-16',
  'application/json; charset=utf-7',
  'application/json; charset=utf-32',
  'application/json; charset=utf-8; charset=utf-16',
  'application/json, text/plain',
  'text/html, application/json',
  'application/json; boundary=x',
  '',
])('GQL-05 the content type "%s" is refused', async (type) => {
  const answer = await send(gateway.url, { headers: { 'content-type': type }, body });
  expect(answer).toMatchObject({ status: 415, code: 'BAD_USER_INPUT' });
  expect(gateway.calls.size).toBe(0);
});

test('GQL-05 a missing content type is refused', async () => {
  expect(await send(gateway.url, { body })).toMatchObject({ status: 415, code: 'BAD_USER_INPUT' });
  expect(gateway.calls.size).toBe(0);
});

test.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'])('GQL-05 %s runs nothing', async (method) => {
  const headers = { accept: 'text/html', 'content-type': 'application/json' };
  const answer = await send(gateway.url, { method, headers, path: '/graphql?query=%7Bhello%7D' });
  expect(answer.status).toBe(405);
  expect(answer.headers['allow']).toBe('POST');
  expect(gateway.calls.size).toBe(0);
});

test('GQL-05 a method in another header or field changes nothing', async () => {
  const headers = {
    'content-type': 'text/plain',
    'x-http-method-override': 'POST',
    'apollo-require-preflight': 'true',
  };
  expect((await send(gateway.url, { headers, body })).status).toBe(415);
});

test('GQL-04 a batch of operations is refused as a whole', async () => {
  const batch = JSON.stringify([{ query: '{ hello }' }, { query: '{ hello }' }]);
  const answer = await send(gateway.url, { headers: { 'content-type': 'application/json' }, body: batch });
  expect(answer).toMatchObject({ status: 400, code: 'OPERATION_REJECTED' });
  expect(gateway.calls.size).toBe(0);
});

test('GQL-12 a hash in place of a document is refused, in the words client libraries know', async () => {
  const persisted = { extensions: { persistedQuery: { version: 1, sha256Hash: 'a'.repeat(64) } } };
  const headers = { 'content-type': 'application/json' };
  const answer = await send(gateway.url, { headers, body: JSON.stringify(persisted) });
  expect(answer).toMatchObject({
    code: 'OPERATION_REJECTED',
    errors: [{ message: 'PersistedQueryNotSupported' }],
  });
});
