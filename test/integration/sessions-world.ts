import {
  after,
  newId,
  seconds,
  type ClientContext,
  type Clock,
  type Proven,
  type Role,
} from '../../src/kernel';
import {
  Database,
  Keyring,
  createLog,
  dataSource,
  newKeyringLine,
  newToken,
  parseKeyring,
  systemChance,
} from '../../src/platform';
import { knownDevicesFeature } from '../../src/features/known-devices';
import {
  AccessTokens,
  RefreshTokens,
  SessionGrant,
  Sessions,
  SigningKeys,
  sessionsFeature,
  type IssuedTokens,
  type OpenSession,
  type SessionOpening,
  type SessionSettings,
} from '../../src/features/sessions';
import { usersFeature } from '../../src/features/users';

export const ISSUER = 'https://id.example.com';
export const SESSION_FEATURES = [usersFeature, knownDevicesFeature, sessionsFeature];

export const SETTINGS: SessionSettings = {
  tokenAudience: 'https://api.example.com',
  accessTokenSeconds: 300,
  sessionIdleMinutes: 60,
  sessionHours: 24,
  signingKeyOverlapSeconds: 600,
};
export const CONTEXT: ClientContext = {
  ipAddress: '203.0.113.7',
  location: null,
  browser: 'Firefox 132',
  operatingSystem: 'Windows 11',
};
export const PASSWORD: Proven = {
  by: 'password',
  kind: 'PASSWORD',
  amr: ['pwd'],
  isPhishingResistant: false,
};
export const TOTP: Proven = { by: 'fct_totp', kind: 'TOTP', amr: ['otp'], isPhishingResistant: false };
export const SMS: Proven = { by: 'fct_sms', kind: 'SMS', amr: ['sms', 'mca'], isPhishingResistant: false };
export const PASSKEY: Proven = {
  by: 'fct_key',
  kind: 'WEBAUTHN',
  amr: ['pop', 'user'],
  isPhishingResistant: true,
};

/** Keys of these versions, newest first; a version is the same key in every ring of the test run. */
export function keyring(...versions: string[]): Keyring {
  const parsed = parseKeyring(versions.map((version) => keyLine(version)).join(','));
  if ('fault' in parsed) throw new Error(parsed.fault);
  return new Keyring(parsed.keys, systemChance);
}

const lines = new Map<string, string>();
function keyLine(version: string): string {
  const line = lines.get(version) ?? newKeyringLine(systemChance, version);
  lines.set(version, line);
  return line;
}

/** One gateway process, as far as sessions go. */
export interface GatewayProcess {
  readonly keys: SigningKeys;
  readonly accessTokens: AccessTokens;
  readonly sessions: Sessions;
}

/** Sessions on a real database, whose clock and the processes' clock are set by the test. */
export class SessionsWorld {
  now = new Date('2026-11-24T09:30:00Z');
  readonly clock: Clock = { now: () => this.now };
  readonly reused: { sessionId: string; userId: string }[] = [];

  private constructor(readonly database: Database) {}

  static async on(database: Database): Promise<SessionsWorld> {
    const world = new SessionsWorld(database);
    await database.rows('TRUNCATE users, known_device, session, refresh_token, signing_key CASCADE');
    await database.rows('CREATE TABLE IF NOT EXISTS test_clock (at timestamptz NOT NULL)');
    await database.rows(
      `CREATE OR REPLACE FUNCTION gateway_now() RETURNS timestamptz LANGUAGE sql VOLATILE
         AS 'SELECT at FROM test_clock'`,
    );
    await database.rows('TRUNCATE test_clock');
    await database.rows('INSERT INTO test_clock VALUES ($1)', [world.now]);
    return world;
  }

  async pass(count: number): Promise<void> {
    this.now = after(this.now, seconds(count));
    await this.database.affected('UPDATE test_clock SET at = $1', [this.now]);
  }

  async process(changes: { settings?: Partial<SessionSettings>; ring?: Keyring; database?: Database } = {}) {
    const settings = { ...SETTINGS, ...changes.settings };
    const { ring = keyring('v1'), database = this.database } = changes;
    const keys = new SigningKeys(database, ring, this.clock, systemChance, createLog('silent'), settings);
    const accessTokens = new AccessTokens(keys, this.clock, systemChance, ISSUER, settings);
    const refreshTokens = new RefreshTokens(database, ring, settings, (_, reuse) => {
      this.reused.push(reuse);
      return Promise.resolve();
    });
    const sessions = new Sessions(
      database,
      ring,
      this.clock,
      systemChance,
      accessTokens,
      refreshTokens,
      settings,
    );
    await keys.prepare();
    return { keys, accessTokens, sessions } satisfies GatewayProcess;
  }

  /** The database as one process reaches it; after `cut()` it does not answer any more. */
  cuttable(): { database: Database; cut: () => void } {
    const away = new Database(dataSource([], { url: 'postgres://nobody@127.0.0.1:1/nothing' }));
    let reached = this.database;
    const database = new Proxy(this.database, {
      get: (_, name) => Reflect.get(reached, name, reached) as unknown,
    });
    return { database, cut: () => (reached = away) };
  }

  async user(id: string, roles: readonly Role[] = ['USER']): Promise<string> {
    await this.database.rows(
      `INSERT INTO users (id, account_type, email, email_key, roles, status)
       VALUES ($1, 'PERSON', $2, $2, $3, 'ACTIVE')`,
      [id, `${id}@example.com`, roles],
    );
    return id;
  }

  async lock(userId: string, until: Date | null): Promise<void> {
    await this.database.affected(`UPDATE users SET status = 'LOCKED', locked_until = $2 WHERE id = $1`, [
      userId,
      until,
    ]);
  }

  opening(userId: string, changes: Partial<SessionOpening> = {}): SessionOpening {
    return {
      userId,
      clientId: 'web',
      applicationName: 'Acme',
      proofs: [PASSWORD, TOTP],
      flowId: newId('flw', this.clock, systemChance),
      flowToken: newToken(systemChance),
      knownDeviceId: null,
      endsBy: null,
      context: CONTEXT,
      ...changes,
    };
  }

  open(gateway: GatewayProcess, opening: SessionOpening): Promise<OpenSession> {
    return this.database.transaction((tx) => gateway.sessions.open(tx, SessionGrant.of(opening)));
  }

  async signIn(
    gateway: GatewayProcess,
    userId: string,
    changes: Partial<SessionOpening> = {},
  ): Promise<IssuedTokens & { refreshToken: string }> {
    const open = await this.open(gateway, this.opening(userId, changes));
    const tokens = await gateway.sessions.tokens(open, { id: userId, roles: ['USER'] });
    return { ...tokens, refreshToken: tokens.refreshToken ?? '' };
  }
}

/** How many of the calls gave a value, and which. */
export async function settled<T>(calls: readonly Promise<T>[]): Promise<{ values: T[]; errors: unknown[] }> {
  const results = await Promise.allSettled(calls);
  return {
    values: results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])),
    errors: results.flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : [])),
  };
}
