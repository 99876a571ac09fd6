import { createClient } from 'graphql-sse';
import { describeOnEachBackend } from '../support/backends';
import { GOT, World } from '../support/world';

const WATCH =
  'subscription($flowToken: String!) { authFlow(flowToken: $flowToken) { status challenge { kind } } }';

describeOnEachBackend('following a flow without WebSockets', (backend) => {
  let world: World;
  beforeAll(async () => (world = await World.open(backend)));
  afterAll(() => world.close());

  it('gives a stock graphql-sse client the state first, each change, and the end', async () => {
    const user = await world.user();
    await user.enrollTotp();
    await world.advance(60);
    const { flowToken } = await user.signIn();
    const client = createClient({ url: `${world.a.graphqlUrl}/stream`, retryAttempts: 0 });
    const states: unknown[] = [];
    for await (const { data } of client.iterate({ query: WATCH, variables: { flowToken } })) {
      states.push(data?.['authFlow']);
      if (states.length > 1) continue;
      const proof = { code: await user.code() };
      await world.a.mutate('verifyChallenge', { flowToken, proof }, GOT);
    }
    expect(states).toEqual([
      { status: 'CHALLENGE_PENDING', challenge: { kind: 'TOTP' } },
      { status: 'COMPLETED', challenge: null },
    ]);
    client.dispose();
  });

  it('answers an unknown token with one UNAUTHENTICATED error', async () => {
    const client = createClient({ url: `${world.a.graphqlUrl}/stream`, retryAttempts: 0 });
    const results: unknown[] = [];
    const query = { query: WATCH, variables: { flowToken: 'unknown' } };
    for await (const { errors } of client.iterate(query))
      results.push(errors?.map((error) => error.extensions['code']));
    expect(results).toEqual([['UNAUTHENTICATED']]);
    client.dispose();
  });
});
