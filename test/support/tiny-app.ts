/**
 * A small but real GatewayApp: a hand-made schema, callers known by fixed credentials, no database. It drives
 * the server in tests of the server itself; scenarios on the real schema start the real app.
 */
import {
  GraphQLBoolean,
  GraphQLError,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  type GraphQLFieldConfigArgumentMap,
  type GraphQLFieldConfigMap,
} from 'graphql';
import { loadConfig, type Environment } from '../../src/config';
import { RequestFault } from '../../src/kernel';
import {
  Metrics,
  addressKey,
  clientContext,
  createLog,
  httpSettings,
  type Caller,
  type JsonRoute,
  type RequestContext,
} from '../../src/platform';
import { createServer, type GatewayApp, type GatewayServer, type RequestFacts } from '../../src/server';

/** What a test sees and steers of a tiny app. */
export class TinyWorld {
  /** Calls of each resolver, by field name. */
  readonly calls = new Map<string, number>();
  /** Log lines, as text. */
  readonly lines: string[] = [];
  /** The facts of the last request that asked who calls. */
  facts: RequestFacts | undefined;
  isReady = (): Promise<boolean> => Promise.resolve(true);
  isStanding = (_caller: Caller): Promise<boolean> => Promise.resolve(true);
  /** The open `news` subscriptions. */
  readonly listeners = new Set<(text: string) => void>();
  /** The operations that wait in `slow` and `late`. */
  readonly held = new Set<() => void>();

  publish(text: string): void {
    for (const hear of this.listeners) hear(text);
  }

  release(): void {
    for (const go of this.held) go();
    this.held.clear();
  }
}

export interface Tiny extends TinyWorld {
  readonly server: GatewayServer;
  readonly url: string;
  readonly port: number;
}

/** Boots the server on a free port. Each test file closes what it starts. */
export async function startTiny(
  environment: Environment = {},
  routes: readonly JsonRoute[] = [],
): Promise<Tiny> {
  const world = new TinyWorld();
  const server = await createServer(tinyApp(world, environment, routes));
  const { url, port } = await server.listen();
  return Object.assign(world, { server, url, port });
}

export function tinyApp(
  world: TinyWorld,
  environment: Environment,
  routes: readonly JsonRoute[] = [],
): GatewayApp {
  const config = loadConfig([httpSettings], { PORT: '0', ...environment });
  return {
    config,
    log: createLog('debug', { write: (line: string) => void world.lines.push(line) }),
    metrics: new Metrics(),
    schema: tinySchema(world),
    pages: [],
    routes,
    authenticationMutations: new Set(['signIn', 'verifyChallenge']),
    context: (facts) => tinyContext(world, facts),
    isStanding: (caller) => world.isStanding(caller),
    isReady: () => world.isReady(),
    close: () => Promise.resolve(),
  };
}

/**
 * `Bearer ada` is a user, `Device 1` a device, `Bearer outage` a database that is away; anything else is
 * refused.
 */
function tinyContext(world: TinyWorld, facts: RequestFacts): RequestContext {
  const caller = (): Promise<Caller> => {
    world.facts = facts;
    const given = facts.authorization;
    if (given === undefined) return Promise.resolve({ kind: 'anonymous' });
    if (given === 'Bearer outage') return Promise.reject(new RequestFault('SERVICE_UNAVAILABLE'));
    const [, userId, sessionId = '1'] = /^Bearer (ada|grace)(?:-(\d+))?$/.exec(given) ?? [];
    if (userId) return Promise.resolve(userCaller(userId, sessionId));
    if (given === 'Device 1') {
      return Promise.resolve({ kind: 'device', deviceId: '1', factorId: '1', userId: 'ada' });
    }
    return Promise.reject(new RequestFault('UNAUTHENTICATED'));
  };
  return {
    requestId: facts.requestId,
    resolvers: { get: () => fail('SERVICE_UNAVAILABLE', 'the tiny app has no resolver classes') },
    client: clientContext(facts.ipAddress, facts.userAgent),
    place: null,
    addressKey: addressKey(facts.ipAddress),
    cookies: facts.cookies,
    caller,
  };
}

const userCaller = (userId: string, sessionId: string): Caller => ({
  kind: 'user',
  userId,
  sessionId: `${userId}-${sessionId}`,
  clientId: 'test',
  roles: [],
  assurance: 'AAL1',
  authenticatedAt: new Date(0),
});

type Args = Readonly<Record<string, unknown>>;
type Answer = (args: Args, context: RequestContext) => unknown;

/** A scalar that, like many in the wild, puts the value it refuses into its error. */
const Email = new GraphQLScalarType({
  name: 'Email',
  parseValue: (value) => {
    if (typeof value === 'string' && value.includes('@')) return value;
    throw new GraphQLError(`Value is not an e-mail address: ${String(value)}`);
  },
});

function tinySchema(world: TinyWorld): GraphQLSchema {
  const counted =
    (name: string, answer: Answer) =>
    (_root: unknown, args: Args, context: RequestContext): unknown => {
      world.calls.set(name, (world.calls.get(name) ?? 0) + 1);
      return answer(args, context);
    };
  const field: MakeField = (name, answer, args = {}) => ({
    type: GraphQLString,
    args,
    resolve: counted(name, answer),
  });
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: () => queries(world, field) }),
    mutation: new GraphQLObjectType({
      name: 'Mutation',
      fields: {
        signIn: field('signIn', () => 'in', { input: { type: new GraphQLNonNull(SignIn) } }),
        verifyChallenge: field('verifyChallenge', ({ code }) => code, { code: { type: GraphQLString } }),
        remember: field('remember', (_args, { cookies }) => {
          cookies?.set('device', 'token', 60);
          return cookies?.get('device') ?? (cookies ? 'set' : 'no cookies');
        }),
      },
    }),
    subscription: new GraphQLObjectType({ name: 'Subscription', fields: subscriptions(world) }),
  });
}

const SignIn = new GraphQLInputObjectType({
  name: 'SignInInput',
  fields: {
    email: { type: Email },
    password: { type: new GraphQLNonNull(GraphQLString) },
    remember: { type: GraphQLBoolean },
  },
});

type Fields = GraphQLFieldConfigMap<unknown, RequestContext>;
type MakeField = (name: string, answer: Answer, args?: GraphQLFieldConfigArgumentMap) => Fields[string];

function queries(world: TinyWorld, field: MakeField): Fields {
  const node: GraphQLObjectType = new GraphQLObjectType({
    name: 'Node',
    fields: () => ({
      id: { type: GraphQLID, resolve: () => '1' },
      node: { type: node, resolve: () => ({}) },
      nodes: { type: new GraphQLList(node), resolve: () => [] },
    }),
  });
  return {
    hello: field('hello', () => 'world'),
    echo: field('echo', ({ text }) => text, { text: { type: GraphQLString } }),
    required: field('required', ({ text }) => text, { text: { type: new GraphQLNonNull(GraphQLString) } }),
    node: { type: node, resolve: () => ({}) },
    who: field('who', async (_args, context) => (await context.caller()).kind),
    address: field('address', async (_args, context) => {
      await context.caller();
      return context.client.ipAddress;
    }),
    slow: field('slow', () => new Promise((go) => world.held.add(() => go('late')))),
    boom: field('boom', () => {
      throw new Error('SELECT secret FROM vault -- /srv/factorgate/vault.ts');
    }),
    mistake: field('mistake', () => {
      throw new GraphQLError('library text', { extensions: { code: 'FROM_A_LIBRARY', stack: 'x' } });
    }),
    limited: { type: new GraphQLNonNull(GraphQLString), resolve: () => fail('RATE_LIMITED') },
    outage: {
      type: new GraphQLNonNull(GraphQLString),
      resolve: () => fail('SERVICE_UNAVAILABLE', 'pg is away'),
    },
    partial: { type: GraphQLString, resolve: () => fail('SERVICE_UNAVAILABLE') },
  };
}

function fail(code: 'RATE_LIMITED' | 'SERVICE_UNAVAILABLE' | 'UNAUTHENTICATED', detail?: string): never {
  throw new RequestFault(code, undefined, detail);
}

function subscriptions(world: TinyWorld): Fields {
  const identity = (event: unknown): unknown => event;
  const text = (
    subscribe: (args: Args) => AsyncIterator<string>,
    args: GraphQLFieldConfigArgumentMap = {},
  ) => ({
    type: GraphQLString,
    args,
    resolve: identity,
    subscribe: (_root: unknown, given: Args) => {
      const events = subscribe(given);
      return { ...events, [Symbol.asyncIterator]: () => events };
    },
  });
  const { listeners, held } = world;
  return {
    count: text(({ to }) => counting(Number(to)), { to: { type: new GraphQLNonNull(GraphQLInt) } }),
    news: text(() => following(listeners)),
    refused: text(() => fail('UNAUTHENTICATED')),
    broken: text(() => counting(1, new Error('the vault of /srv is open'))),
    late: { type: GraphQLString, subscribe: () => new Promise((go) => held.add(() => go(counting(1)))) },
    caller: {
      type: GraphQLString,
      resolve: async (_root: unknown, _args: Args, { caller, cookies }: RequestContext) =>
        `${(await caller()).kind}, ${cookies ? 'cookies' : 'no cookies'}`,
      subscribe: () => ({ [Symbol.asyncIterator]: () => counting(1) }),
    },
    secret: {
      type: GraphQLString,
      resolve: () => fail('UNAUTHENTICATED'),
      subscribe: () => ({ [Symbol.asyncIterator]: () => counting(1) }),
    },
  };
}

/** "1", "2" … and then the end, or the error. */
function counting(
  to: number,
  error?: Error,
): AsyncIterator<string> & { return(): Promise<IteratorResult<string>> } {
  let at = 0;
  return {
    next: () => {
      at += 1;
      if (at <= to) return Promise.resolve({ done: false, value: String(at) });
      return error ? Promise.reject(error) : Promise.resolve({ done: true, value: undefined });
    },
    return: () => Promise.resolve({ done: true, value: undefined }),
  };
}

/** First "now", then what is published, as a waiting screen follows its flow. */
function following(listeners: Set<(text: string) => void>): AsyncIterator<string> {
  const queue = ['now'];
  let wake: (() => void) | undefined;
  let isOver = false;
  const hear = (text: string): void => {
    queue.push(text);
    wake?.();
  };
  listeners.add(hear);
  return {
    async next() {
      while (queue.length === 0 && !isOver) await new Promise<void>((go) => (wake = go));
      return isOver ? { done: true, value: undefined } : { done: false, value: queue.shift() ?? '' };
    },
    return() {
      isOver = true;
      listeners.delete(hear);
      wake?.();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}
