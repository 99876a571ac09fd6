import { decodeJwt } from 'jose';
import { embedded } from '../support/backends';
import { PUBLIC_URL, World } from '../support/world';

describe('what a page may know beforehand', () => {
  let world: World;
  beforeAll(async () => (world = await World.open(embedded)));
  afterAll(() => world.close());

  it('names the issuer exactly as the tokens do', async () => {
    const { data } = await world.a.ask(
      '{ gateway { issuer jwksUri subscriptionUrl enabledKinds passwordMaximumLength } }',
    );
    expect(data.gateway).toEqual({
      issuer: PUBLIC_URL,
      jwksUri: `${PUBLIC_URL}/.well-known/jwks.json`,
      subscriptionUrl: 'wss://id.example.com/graphql',
      enabledKinds: ['TOTP', 'PUSH', 'BACKUP_CODE'],
      passwordMaximumLength: 128,
    });
    const { tokens } = await (await world.user()).signIn();
    expect(decodeJwt(tokens.accessToken).iss).toBe(data.gateway.issuer);
  });
});
