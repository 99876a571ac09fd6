import { headOf, responseType } from './http-answer';

const JSON_TYPE = 'application/json; charset=utf-8';
const GRAPHQL_TYPE = 'application/graphql-response+json; charset=utf-8';

test.each([
  [undefined, JSON_TYPE],
  ['*/*', JSON_TYPE],
  ['application/*', JSON_TYPE],
  ['text/html', JSON_TYPE],
  ['application/graphql-response+json', GRAPHQL_TYPE],
  ['application/graphql-response+json, application/json', GRAPHQL_TYPE],
  ['application/json, application/graphql-response+json', JSON_TYPE],
  ['application/graphql-response+json;q=0.9, application/json', JSON_TYPE],
  ['application/graphql-response+json; q=0, */*;q=0.1', JSON_TYPE],
  ['Application/GraphQL-Response+JSON; charset=utf-8, application/json;q=0.9', GRAPHQL_TYPE],
  ['application/graphql-response+json;q=abc', JSON_TYPE],
])('Accept: %s is answered as %s', (accept, type) => {
  expect(responseType(accept)).toBe(type);
});

const failed = (code: string, data?: null) => ({ data, errors: [{ message: '', extensions: { code } }] });

test('limits and outages show as HTTP statuses only where the whole request failed', () => {
  expect(headOf(failed('RATE_LIMITED', null), JSON_TYPE)).toMatchObject({
    status: 429,
    headers: { 'retry-after': '60' },
  });
  expect(headOf(failed('SERVICE_UNAVAILABLE'), GRAPHQL_TYPE).status).toBe(503);
  expect(headOf({ ...failed('SERVICE_UNAVAILABLE'), data: { viewer: null } }, JSON_TYPE).status).toBe(200);
});

test('a refused document is 400 in the new media type and 200 in the old (graphql-over-http §6.4)', () => {
  expect(headOf(failed('GRAPHQL_PARSE_FAILED'), GRAPHQL_TYPE).status).toBe(400);
  expect(headOf(failed('GRAPHQL_PARSE_FAILED'), JSON_TYPE).status).toBe(200);
  expect(headOf(failed('UNAUTHENTICATED', null), GRAPHQL_TYPE).status).toBe(200);
});
