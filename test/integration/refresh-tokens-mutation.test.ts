import { graphql, type GraphQLSchema } from 'graphql';
import { Query, Resolver, buildSchema } from 'type-graphql';
import type { CookieJar, Database } from '../../src/platform';
import { TokensResolver } from '../../src/features/sessions';
import { describeOnEachBackend, type OpenBackend } from '../support/backends';
import { CONTEXT, SESSION_FEATURES, SessionsWorld, type GatewayProcess } from './sessions-world';

@Resolver()
class NothingResolver {
  @Query(() => String)
  nothing(): string {
    return '';
  }
}

class Jar implements CookieJar {
  readonly held = new Map<string, string>();
  get = (name: string) => this.held.get(name);
  set = (name: string, value: string) => void this.held.set(name, value);
  drop = (name: string) => void this.held.delete(name);
}

interface Answer {
  readonly tokens: {
    accessToken: string;
    refreshToken: string | null;
    session: { id: string; isCurrent: boolean };
  } | null;
  readonly errors: { code: string; path: string[] | null }[];
}

describeOnEachBackend('refreshTokens', (backend) => {
  let database: Database;
  let opened: OpenBackend;
  let world: SessionsWorld;
  let gateway: GatewayProcess;
  let schema: GraphQLSchema;

  beforeAll(async () => ({ database } = opened = await backend.open(SESSION_FEATURES)));
  afterAll(() => opened.close());
  beforeEach(async () => {
    world = await SessionsWorld.on(database);
    gateway = await world.process();
    const resolvers = new Map<unknown, object>([
      [TokensResolver, new TokensResolver(gateway.sessions)],
      [NothingResolver, new NothingResolver()],
    ]);
    schema = await buildSchema({
      resolvers: [TokensResolver, NothingResolver],
      container: { get: (type: unknown) => resolvers.get(type) },
      validate: false,
    });
    await world.user('usr_ada');
  });

  async function refresh(input: object, cookies: Jar | null = null): Promise<Answer> {
    const source = `mutation ($input: RefreshTokensInput!) { refreshTokens(input: $input) {
      tokens { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt deviceToken
        session { id isCurrent assurance methods authenticatedAt lastUsedAt expiresAt applicationName
          context { ipAddress location browser operatingSystem } } }
      errors { code path }
    } }`;
    const contextValue = { cookies, client: CONTEXT };
    const result = await graphql({ schema, source, variableValues: { input }, contextValue });
    if (result.errors) throw result.errors[0] as Error;
    return (result.data as unknown as { refreshTokens: Answer }).refreshTokens;
  }

  it('exchanges the token of the input and shows the session as the current one', async () => {
    const { refreshToken, session } = await world.signIn(gateway, 'usr_ada');
    const { tokens, errors } = await refresh({ refreshToken });
    expect(errors).toEqual([]);
    expect(tokens).toMatchObject({
      refreshToken: expect.stringMatching(/^[\w-]{43}$/) as string,
      deviceToken: null,
      session: {
        id: session.id,
        isCurrent: true,
        assurance: 'AAL2',
        applicationName: 'Acme',
        context: CONTEXT,
      },
    });
    expect(await gateway.sessions.authenticate(tokens?.accessToken ?? '')).toMatchObject({
      userId: 'usr_ada',
    });
  });

  it('exchanges the token of the cookie for another cookie', async () => {
    const cookies = new Jar();
    const { refreshToken } = await world.signIn(gateway, 'usr_ada');
    cookies.set('factorgate-refresh', refreshToken);
    const { tokens } = await refresh({}, cookies);
    expect(tokens).toMatchObject({ refreshToken: null, refreshTokenExpiresAt: null });
    expect(cookies.get('factorgate-refresh')).toMatch(/^[\w-]{43}$/);
    expect(cookies.get('factorgate-refresh')).not.toBe(refreshToken);
  });

  it('refuses a token that is good no more, and takes its cookie away', async () => {
    const cookies = new Jar();
    cookies.set('factorgate-refresh', 'x'.repeat(43));
    expect(await refresh({}, cookies)).toEqual({
      tokens: null,
      errors: [{ code: 'INVALID_TOKEN', path: null }],
    });
    expect(cookies.held.size).toBe(0);
    expect((await refresh({})).errors).toEqual([{ code: 'INVALID_TOKEN', path: null }]);
    expect((await refresh({ refreshToken: 'x'.repeat(2000) })).errors).toEqual([
      { code: 'INVALID_INPUT', path: ['input', 'refreshToken'] },
    ]);
  });
});
