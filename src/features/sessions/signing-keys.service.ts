import { exportJWK, generateKeyPair, importJWK, type CryptoKey, type JSONWebKeySet, type JWK } from 'jose';
import { RequestFault, newId, seconds, type Chance, type Clock } from '../../kernel';
import type { Database, Keyring, Log, Place, UnitOfWork } from '../../platform';
import type { SessionSettings } from './sessions.config';
import type { PublicJwk } from './signing-key.entity';
import {
  dropRetired,
  hasNewest,
  insertKey,
  lockSigningKeys,
  publishedKeys,
  retireOthers,
  revokeKey,
  type PublishedKey,
} from './signing-keys.store';

const RELOAD_SECONDS = 30;
/** A token with a key id that nobody knows makes a process look again, but not more often than that. */
const UNKNOWN_KEY_RELOAD_SECONDS = 5;

interface SigningKey {
  readonly kid: string;
  readonly activeFrom: Date;
  readonly sealedPrivate: string;
  readonly publicJwk: PublicJwk;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
}

const placeOf = (kid: string): Place => ({ table: 'signing_key', column: 'sealed_private', row: kid });

/**
 * The ES256 keys of the access tokens: rows in the database, opened once per process and read again every 30
 * seconds. What is trusted is what was sealed, so a key written into the table by somebody without the
 * keyring signs nothing.
 */
export class SigningKeys {
  private known: ReadonlyMap<string, SigningKey> = new Map();
  private loadedAt: Date | undefined;
  private loading: Promise<void> | undefined;

  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly chance: Chance,
    private readonly log: Log,
    private readonly settings: Pick<SessionSettings, 'signingKeyOverlapSeconds'>,
  ) {}

  /** At start: makes the first key where there is none. Throws if the keys that are there do not open. */
  async prepare(): Promise<void> {
    await this.database.transaction(async (tx) => {
      await lockSigningKeys(tx);
      if (!(await hasNewest(tx))) await this.add(tx, 0);
    });
    await this.load();
    if (this.known.size === 0)
      throw new Error('no signing key in the database opens with the keys in KEYRING');
  }

  /** The key that signs now: of those whose time has come, the latest. */
  async signer(): Promise<Pick<SigningKey, 'kid' | 'privateKey'>> {
    const keys = await this.published();
    const now = this.clock.now();
    // None's time has come where this clock is late, or where the key before was revoked: then the next one signs.
    const key = keys.findLast((candidate) => candidate.activeFrom <= now) ?? keys[0];
    if (!key) throw new RequestFault('SERVICE_UNAVAILABLE', undefined, 'no signing key');
    return key;
  }

  /** The public key by its id, if it is published. */
  async verifier(kid: string): Promise<CryptoKey | undefined> {
    await this.published();
    if (!this.known.has(kid)) await this.reload(UNKNOWN_KEY_RELOAD_SECONDS);
    return this.known.get(kid)?.publicKey;
  }

  /** RFC 7517 §5. Also the key that will sign next, so that services know it before its first token. */
  async jwks(): Promise<JSONWebKeySet> {
    const keys = await this.published();
    return { keys: keys.map(({ kid, publicJwk }) => ({ ...publicJwk, kid, use: 'sig', alg: 'ES256' })) };
  }

  /**
   * Publishes a new key, which signs after the overlap; gives its id. The old one goes when its last token is
   * over.
   */
  async rotate(): Promise<string> {
    const kid = await this.database.transaction(async (tx) => {
      await lockSigningKeys(tx);
      await dropRetired(tx);
      return this.add(tx, this.settings.signingKeyOverlapSeconds);
    });
    await this.load();
    return kid;
  }

  /**
   * Emergency: no token of this key is accepted any more, here at once, by other processes within 30 seconds.
   */
  async revoke(kid: string): Promise<boolean> {
    const isRevoked = await this.database.transaction(async (tx) => {
      await lockSigningKeys(tx);
      if ((await revokeKey(tx, kid)) === 0) return false;
      if (!(await hasNewest(tx))) await this.add(tx, 0);
      return true;
    });
    await this.load();
    return isRevoked;
  }

  private async add(tx: UnitOfWork, delaySeconds: number): Promise<string> {
    const kid = newId('key', this.clock, this.chance);
    const pair = await generateKeyPair('ES256', { extractable: true });
    const privateJwk = await exportJWK(pair.privateKey);
    const sealedPrivate = this.keyring.seal(placeOf(kid), JSON.stringify(privateJwk));
    await insertKey(tx, { kid, publicJwk: publicHalf(privateJwk), sealedPrivate, delaySeconds });
    await retireOthers(tx, kid);
    return kid;
  }

  /** By the time they begin to sign. While the database is away, as last read: it lets nobody in anyway. */
  private async published(): Promise<SigningKey[]> {
    await this.reload(RELOAD_SECONDS).catch((error: unknown) => {
      if (!this.loadedAt) throw error;
      this.log.warn({ err: error }, 'signing keys could not be read again');
    });
    return [...this.known.values()].sort(
      (one, other) => one.activeFrom.getTime() - other.activeFrom.getTime(),
    );
  }

  private async reload(ageSeconds: number): Promise<void> {
    const age = this.loadedAt ? this.clock.now().getTime() - this.loadedAt.getTime() : Infinity;
    // A negative age: the clock was set back.
    if (age >= 0 && age < seconds(ageSeconds)) return;
    this.loading ??= this.load().finally(() => (this.loading = undefined));
    await this.loading;
  }

  private async load(): Promise<void> {
    const rows = await publishedKeys(this.database);
    const keys = await Promise.all(rows.map((row) => this.opened(row)));
    this.known = new Map(keys.flatMap((key) => (key ? [[key.kid, key]] : [])));
    this.loadedAt = this.clock.now();
  }

  private async opened(row: PublishedKey): Promise<SigningKey | undefined> {
    const held = this.known.get(row.kid);
    if (held?.sealedPrivate === row.sealedPrivate) return { ...held, activeFrom: row.activeFrom };
    try {
      const privateJwk = JSON.parse(this.keyring.open(placeOf(row.kid), row.sealedPrivate).toString()) as JWK;
      const publicJwk = publicHalf(privateJwk);
      if (publicJwk.x !== row.publicJwk.x || publicJwk.y !== row.publicJwk.y)
        throw new Error('the halves differ');
      const [privateKey, publicKey] = await Promise.all([imported(privateJwk), imported(publicJwk)]);
      const { kid, activeFrom, sealedPrivate } = row;
      return { kid, activeFrom, sealedPrivate, publicJwk, privateKey, publicKey };
    } catch (error) {
      this.log.error({ kid: row.kid, err: error }, 'a signing key does not open: it is not used');
      return undefined;
    }
  }
}

/** Only what may be published. */
function publicHalf(jwk: JWK): PublicJwk {
  const { x, y } = jwk;
  if (jwk.kty !== 'EC' || jwk.crv !== 'P-256' || !x || !y) throw new Error('not a P-256 key');
  return { kty: 'EC', crv: 'P-256', x, y };
}

const imported = async (jwk: JWK | PublicJwk): Promise<CryptoKey> =>
  (await importJWK({ ...jwk }, 'ES256')) as CryptoKey;
