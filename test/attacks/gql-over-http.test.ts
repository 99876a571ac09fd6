/**
 * The attack: a client and a server that read HTTP differently. A proxy, a cache or a browser then sees
 * another request than the gateway does, and one of them lets through what the other would have refused.
 * The guarantee: `/graphql` follows the GraphQL-over-HTTP specification, in both media types.
 */
import { serverAudits } from 'graphql-http';
import { startTiny, type Tiny } from '../support/tiny-app';

/** Audits that ask for queries by GET, which the specification leaves to the server and GQL-05 forbids. */
const BY_GET = ['5A70', 'D6D5', '6A70'];

let gateway: Tiny;
beforeAll(async () => {
  gateway = await startTiny();
});
afterAll(() => gateway.server.close());

const audits = serverAudits({ url: () => `${gateway.url}/graphql` });

test.each(
  audits.filter(({ id }) => !BY_GET.includes(id)).map((audit) => [audit.id, audit.name, audit] as const),
)('GQL-05 audit %s: %s', async (_id, _name, audit) => {
  const result = await audit.fn();
  expect(result).toMatchObject({ status: 'ok' });
});

test('GQL-05 the audits left out are the optional ones about GET', () => {
  const left = audits.filter(({ id }) => BY_GET.includes(id)).map(({ name }) => name.split(' ')[0]);
  expect(left).toEqual(['MAY', 'MAY', 'MAY']);
});
