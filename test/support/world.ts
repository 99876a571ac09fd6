import 'reflect-metadata';
import { Writable } from 'node:stream';
import { createApp, type App } from '../../src/app';
import { TerminalDevice } from '../../src/cli/device';
import { loadConfig } from '../../src/config';
import { settingsSlices, features } from '../../src/features';
import type { Clock } from '../../src/kernel';
import {
  InProcessBus,
  Keyring,
  RedisBus,
  createLog,
  dataSource,
  newKeyringLine,
  parseKeyring,
  systemChance,
  type Bus,
  type Database,
} from '../../src/platform';
import { createServer, type GatewayServer } from '../../src/server';
import { codeAt } from '../../src/features/factors/kinds/totp/totp';
import type { Backend, OpenBackend } from './backends';
import { follow, type Followed } from './follow';

export const PUBLIC_URL = 'https://id.example.com';
export const PASSWORD = 'correct-horse-battery-staple';

/** A clock that only a test moves. It stands where no real clock does, so that a real one used by mistake shows. */
export class FakeClock implements Clock {
  private time = new Date('2031-03-01T09:00:05.000Z');
  now(): Date {
    return this.time;
  }
  set(time: Date): void {
    this.time = time;
  }
}

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- a reply has the shape that the test asked for
  readonly data: any;
  readonly errors: readonly { message: string; extensions: { code: string } }[] | undefined;
}

export interface Ask {
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Talks to a gateway as a page does. */
export class GatewayClient {
  constructor(readonly url: string) {}

  get graphqlUrl(): string {
    return `${this.url}/graphql`;
  }

  /** Sends one operation as a page would. */
  async ask(query: string, variables: object = {}, { authorization, headers }: Ask = {}): Promise<Reply> {
    const response = await fetch(this.graphqlUrl, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(authorization ? { authorization } : {}),
        ...headers,
      },
      body: JSON.stringify({ query, variables }),
    });
    const body = await response.text();
    const parsed = body.startsWith('{') ? (JSON.parse(body) as Pick<Reply, 'data' | 'errors'>) : undefined;
    return {
      status: response.status,
      headers: response.headers,
      body,
      data: parsed?.data,
      errors: parsed?.errors,
    };
  }

  /** The payload of a mutation. Fails on top-level errors. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the shape is what the operation asks for
  async mutate(name: string, input: object, selection: string, ask: Ask = {}): Promise<any> {
    const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
    const reply = await this.ask(
      `mutation($input: ${type}!) { ${name}(input: $input) { ${selection} errors { code message path attemptsRemaining retryAt requiredAssurance maxAgeSeconds } } }`,
      { input },
      ask,
    );
    if (reply.errors) throw new Error(`${name}: ${JSON.stringify(reply.errors)}`);
    return reply.data[name];
  }

  /** Follows a flow over graphql-ws. */
  follow(flowToken: string, selection = FLOW): Followed {
    const query = `subscription($flowToken: String!) { authFlow(flowToken: $flowToken) { ${selection} } }`;
    return follow(
      `${this.url.replace('http', 'ws')}/graphql`,
      { query, variables: { flowToken } },
      'authFlow',
    );
  }
}

/** One gateway process's worth of the product, served over real HTTP on loopback. */
export class TestGateway extends GatewayClient {
  constructor(
    readonly app: App,
    url: string,
    private readonly server: GatewayServer,
  ) {
    super(url);
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

export const FLOW = `id purpose status reason accountHint enrollableKinds promptReasons requiredAssurance expiresAt serverTime
  factors { id kind label hint usableFrom }
  challenge { __typename id kind expiresAt resendableAt delivery factor { id }
    ... on CodeChallenge { sentTo codeLength codeFormat attemptsRemaining }
    ... on PushChallenge { sentTo numberToMatch } }`;
export const GOT = `flow { ${FLOW} } flowToken tokens { accessToken accessTokenExpiresAt refreshToken deviceToken
  session { id isCurrent assurance methods authenticatedAt } }`;
const SETUP = `enrollment { id status setup { ... on TotpSetup { uri secret } ... on PushSetup { uri } } factor { id kind } }
  enrollmentToken flow { id status } backupCodes`;

/** A message as it arrived. */
export interface Received {
  readonly channel: 'sms' | 'email' | 'push';
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly data: Readonly<Record<string, string>>;
}

export interface WorldOptions {
  readonly gateways?: number;
  readonly environment?: Readonly<Record<string, string>>;
  /** The real clock of database and process, for what must wait in real time. */
  readonly isRealTime?: boolean;
  /** The setting KEYRING of another world. Default: a new one. */
  readonly keyringLine?: string;
}

/** A fresh database with one or more gateways on it, a clock in the test's hand, and everything that was logged. */
export class World {
  readonly logged: string[] = [];
  readonly clock: FakeClock = new FakeClock();
  readonly gateways: TestGateway[] = [];
  private users = 0;

  private constructor(
    private readonly backend: OpenBackend,
    /** As the setting KEYRING has it. */
    readonly keyringLine: string,
    readonly keyring: Keyring,
    private readonly options: WorldOptions,
  ) {}

  static async open(backend: Backend, options: WorldOptions = {}): Promise<World> {
    const line = options.keyringLine ?? newKeyringLine(systemChance);
    const parsed = parseKeyring(line);
    if ('fault' in parsed) throw new Error(parsed.fault);
    const world = new World(await backend.open(), line, new Keyring(parsed.keys, systemChance), options);
    if (!options.isRealTime) await world.replaceClock();
    const bus = backend.name === 'embedded' ? new InProcessBus() : undefined;
    for (let count = 0; count < (options.gateways ?? 1); count += 1) await world.addGateway(bus);
    return world;
  }

  get a(): TestGateway {
    return this.gateways[0] as TestGateway;
  }

  get b(): TestGateway {
    return this.gateways[1] ?? this.a;
  }

  get database(): Database {
    return this.backend.database;
  }

  get databaseUrl(): string | undefined {
    return this.backend.databaseUrl;
  }

  get redisUrl(): string | undefined {
    return this.backend.redisUrl;
  }

  /** What the gateways take for the present. */
  now(): Date {
    return this.options.isRealTime ? new Date() : this.clock.now();
  }

  /** Moves the clock of the database and of all gateways. */
  async advance(seconds: number): Promise<void> {
    this.clock.set(new Date(this.clock.now().getTime() + seconds * 1000));
    await this.database.affected('UPDATE test_clock SET now = $1', [this.clock.now()]);
  }

  /** A new ACTIVE user with the world's password. */
  async user(wanted: { email?: string; roles?: ('USER' | 'HELP_DESK' | 'ADMIN')[] } = {}): Promise<TestUser> {
    const email = wanted.email ?? `user${String((this.users += 1))}@example.com`;
    const user = await this.a.app.accounts.provision(
      // Trusted: no test that is not about passwords waits for the word lists to load.
      { email, password: PASSWORD, isTrusted: true, roles: wanted.roles ?? ['USER'], isEmailVerified: true },
      null,
      null,
    );
    return new TestUser(this, user.id, email);
  }

  /** One turn of everything that runs by itself in production. */
  async settle(): Promise<void> {
    await this.a.app.outbox.deliverDue();
    await this.a.app.sweep();
  }

  /** What was sent so far, oldest first. */
  async inbox(): Promise<Received[]> {
    await this.a.app.outbox.deliverDue();
    return this.database.rows<Received>(
      'SELECT channel, "to", subject, text, data FROM dev_inbox ORDER BY seq',
    );
  }

  /** All gateways stop, and as many new ones start on the same database. */
  async restart(): Promise<void> {
    const count = this.gateways.length;
    await Promise.all(this.gateways.splice(0).map((gateway) => gateway.close()));
    const bus = this.backend.embedded ? new InProcessBus() : undefined;
    for (let started = 0; started < count; started += 1) await this.addGateway(bus);
  }

  async close(): Promise<void> {
    await Promise.all(this.gateways.map((gateway) => gateway.close()));
    await this.backend.close();
  }

  private async addGateway(shared: Bus | undefined): Promise<void> {
    const config = loadConfig(settingsSlices, {
      PORT: '0',
      PUBLIC_URL,
      PASSWORD_HASHES_IN_PARALLEL: '4',
      // Kinds that send codes are switched on by the tests that are about them.
      SMS_COUNTRIES: 'none',
      ...this.options.environment,
    });
    const lines = this.logged;
    const log = createLog(
      'debug',
      new Writable({ write: (chunk: Buffer, _, done) => (lines.push(chunk.toString()), done()) }),
    );
    const { databaseUrl, redisUrl, embedded } = this.backend;
    const isFirst = this.gateways.length === 0;
    const source =
      embedded || isFirst
        ? this.backend.database.source
        : await dataSource(features, { url: databaseUrl }).initialize();
    const bus = shared ?? new RedisBus(redisUrl ?? '', log);
    const app = await createApp({
      config,
      source,
      bus,
      log,
      keyring: this.keyring,
      clock: { now: () => this.now() },
      chance: systemChance,
      close: async () => {
        await bus.close();
        if (!embedded && !isFirst) await source.destroy();
      },
    });
    const server = await createServer(app);
    const { port } = await server.listen();
    this.gateways.push(new TestGateway(app, `http://127.0.0.1:${String(port)}`, server));
  }

  private async replaceClock(): Promise<void> {
    await this.database.rows('CREATE TABLE test_clock (now timestamptz NOT NULL)');
    await this.database.affected('INSERT INTO test_clock VALUES ($1)', [this.clock.now()]);
    await this.database.rows(
      `CREATE OR REPLACE FUNCTION gateway_now() RETURNS timestamptz LANGUAGE sql VOLATILE AS 'SELECT now FROM test_clock'`,
    );
  }
}

/** A person with a password, and whatever factors the test gives them. */
export class TestUser {
  /** Base32 secrets of enrolled authenticator apps. */
  readonly apps: string[] = [];
  readonly phones: TerminalDevice[] = [];
  /** As they were shown when the first factor was confirmed. */
  backupCodes: readonly string[] = [];

  constructor(
    readonly world: World,
    readonly id: string,
    readonly email: string,
  ) {}

  signIn(more: object = {}, gateway: GatewayClient = this.world.a) {
    return gateway.mutate('signIn', { email: this.email, password: PASSWORD, ...more }, GOT);
  }

  /** The code that the app shows now, or some steps from now. */
  code(steps = 0, app = 0): Promise<string> {
    const at = new Date(this.world.now().getTime() + steps * 30_000);
    return codeAt(this.apps[app] ?? '', at);
  }

  /** Enrolls an app as the first factor, inside a flow that asks for it, and collects the session. */
  async enrollTotpInFlow(flowToken: string) {
    const { world } = this;
    const started = await world.a.mutate('startEnrollment', { kind: 'TOTP', flowToken }, SETUP);
    this.apps.push((started.enrollment.setup.secret as string).replaceAll(' ', ''));
    const proof = { code: await this.code(0, this.apps.length - 1) };
    const input = { enrollmentToken: started.enrollmentToken, proof };
    const confirmed = await world.a.mutate('confirmEnrollment', input, SETUP);
    if (confirmed.errors.length > 0) throw new Error(JSON.stringify(confirmed.errors));
    this.backupCodes = confirmed.backupCodes as string[];
    return world.a.mutate('completeAuthFlow', { flowToken }, GOT);
  }

  /** Enrolls an authenticator app; with a factor already there the caller gives a stepped-up `authorization`. */
  async enrollTotp(authorization?: string): Promise<string> {
    const ask = { authorization: authorization ?? (await this.firstSignIn()) };
    const started = await this.world.a.mutate('startEnrollment', { kind: 'TOTP' }, SETUP, ask);
    const secret = (started.enrollment.setup.secret as string).replaceAll(' ', '');
    this.apps.push(secret);
    const proof = { code: await this.code(0, this.apps.length - 1) };
    const input = { enrollmentToken: started.enrollmentToken, proof };
    const confirmed = await this.world.a.mutate('confirmEnrollment', input, SETUP, ask);
    if (confirmed.errors.length > 0) throw new Error(JSON.stringify(confirmed.errors));
    if (confirmed.backupCodes) this.backupCodes = confirmed.backupCodes as string[];
    return confirmed.enrollment.factor.id as string;
  }

  /** Pairs in a session, or as the first factor inside the flow of `flowToken`. */
  async pairPhone(authorization?: string, name = 'Pixel 9', flowToken?: string): Promise<TerminalDevice> {
    const ask = flowToken === undefined ? { authorization: authorization ?? (await this.firstSignIn()) } : {};
    const started = await this.world.a.mutate('startEnrollment', { kind: 'PUSH', flowToken }, SETUP, ask);
    return this.pairBy(started.enrollment.setup.uri as string, name);
  }

  /** Scans a pairing code. */
  async pairBy(uri: string, name = 'Pixel 9'): Promise<TerminalDevice> {
    const { graphqlUrl } = this.world.a;
    const phone = await TerminalDevice.pair(uri, {
      name,
      graphqlUrl,
      clock: this.world,
    });
    this.phones.push(phone);
    return phone;
  }

  /** Signs in with password and app, at a time step not used before; gives the payload with tokens. */
  async signInWithTotp(gateway: TestGateway = this.world.a) {
    await this.world.advance(60);
    const begun = await this.signIn({}, gateway);
    const { flowToken } = begun;
    if (begun.flow.challenge?.kind !== 'TOTP') {
      const factorId = begun.flow.factors.find((factor: { kind: string }) => factor.kind === 'TOTP').id;
      await gateway.mutate('startChallenge', { flowToken, factorId }, GOT);
    }
    return gateway.mutate('verifyChallenge', { flowToken, proof: { code: await this.code() } }, GOT);
  }

  /** `Bearer …` of a sign-in with the password alone: possible while there is no factor. */
  async firstSignIn(): Promise<string> {
    const got = await this.signIn();
    if (!got.tokens) throw new Error(`no tokens for ${this.email}: ${JSON.stringify(got)}`);
    return `Bearer ${got.tokens.accessToken as string}`;
  }
}
