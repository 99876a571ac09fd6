import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  hkdfSync,
  timingSafeEqual,
} from 'node:crypto';
import type { Chance } from '../../kernel';

/** What a keyed hash or key is for; each purpose has its own key, derived by HKDF (RFC 5869). */
export type KeyPurpose = 'seal' | 'token' | 'audit' | 'code' | 'password' | 'proof' | 'report';

/** The one place that a sealed value may be opened in: a ciphertext moved elsewhere does not open. */
export interface Place {
  readonly table: string;
  readonly column: string;
  readonly row: string;
  readonly user?: string;
}

interface Key {
  readonly version: string;
  readonly secret: Buffer;
}

export const KEY_BYTES = 32;

/** One or more keys, newest first, as read from `KEYRING` by `parseKeyring`. */
export class Keyring {
  private readonly derived = new Map<string, Buffer>();

  constructor(
    private readonly keys: readonly Key[],
    private readonly chance: Chance,
  ) {
    if (keys.length === 0) throw new Error('a keyring needs at least one key');
  }

  /** The version that new values are made with. */
  get version(): string {
    return this.newest.version;
  }

  /** AES-256-GCM; the place is its associated data. Form: `s1.<key version>.<nonce>.<ciphertext and tag>`. */
  seal(place: Place, plain: string | Buffer): string {
    const nonce = this.chance.bytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key('seal', this.version), nonce);
    cipher.setAAD(associated(place));
    const body = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return ['s1', this.version, nonce.toString('base64url'), body.toString('base64url')].join('.');
  }

  /** Throws if the value was altered, belongs to another place or its key is not in the ring. */
  open(place: Place, sealed: string): Buffer {
    const [form, version = '', nonce = '', text = ''] = sealed.split('.');
    const body = Buffer.from(text, 'base64url');
    if (form !== 's1' || body.length < 16)
      throw new Error(`not a sealed value in ${place.table}.${place.column}`);
    const decipher = createDecipheriv(
      'aes-256-gcm',
      this.key('seal', version),
      Buffer.from(nonce, 'base64url'),
      {
        authTagLength: 16,
      },
    );
    decipher.setAAD(associated(place));
    decipher.setAuthTag(body.subarray(-16));
    return Buffer.concat([decipher.update(body.subarray(0, -16)), decipher.final()]);
  }

  /** HMAC-SHA-256 under the purpose's key. Parts are length-prefixed, so that they cannot be shifted. */
  mac(purpose: KeyPurpose, parts: readonly string[], version: string = this.version): Buffer {
    const hmac = createHmac('sha256', this.key(purpose, version));
    for (const part of parts) hmac.update(`${String(Buffer.byteLength(part))}:`).update(part);
    return hmac.digest();
  }

  has(version: string): boolean {
    return this.keys.some((key) => key.version === version);
  }

  /** Tells one key from another of the same version, and nothing else about it. */
  checkOf(version: string): string {
    return this.mac('proof', ['which key'], version).subarray(0, 12).toString('base64url');
  }

  private get newest(): Key {
    return this.keys[0] as Key;
  }

  private key(purpose: KeyPurpose, version: string): Buffer {
    const name = `${purpose}/${version}`;
    const made = this.derived.get(name);
    if (made) return made;
    const key = this.keys.find((candidate) => candidate.version === version);
    if (!key) throw new Error(`the keyring has no key ${JSON.stringify(version)}`);
    const derived = Buffer.from(hkdfSync('sha256', key.secret, 'factorgate', purpose, KEY_BYTES));
    this.derived.set(name, derived);
    return derived;
  }
}

/** What is stored of a token that its holder presents: 256 random bits need no salt and no slow hash. */
export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares fixed-length digests without telling where they differ. */
export const sameBytes = (one: Buffer, other: Buffer): boolean =>
  one.length === other.length && timingSafeEqual(one, other);

/** Reads `v2:<base64>,v1:<base64>`, newest first. Says what is wrong without showing a key. */
export function parseKeyring(text: string): { keys: Key[] } | { fault: string } {
  const keys: Key[] = [];
  for (const part of text.split(',').map((entry) => entry.trim())) {
    const match = /^([A-Za-z0-9_-]{1,16}):([A-Za-z0-9+/_-]+={0,2})$/.exec(part);
    if (!match) return { fault: 'must be <version>:<base64>, several joined by commas, newest first' };
    const [, version = '', encoded = ''] = match;
    const secret = Buffer.from(encoded, 'base64');
    if (secret.length < KEY_BYTES)
      return { fault: `key ${version} is shorter than ${String(KEY_BYTES)} bytes` };
    if (new Set(secret).size < 8) return { fault: `key ${version} is not random` };
    if (keys.some((key) => key.version === version)) return { fault: `key ${version} is listed twice` };
    keys.push({ version, secret });
  }
  return { keys };
}

/** A fresh `KEYRING` value with one key. */
export const newKeyringLine = (chance: Chance, version = 'v1'): string =>
  `${version}:${chance.bytes(KEY_BYTES).toString('base64')}`;

const associated = (place: Place): Buffer =>
  Buffer.from(JSON.stringify([place.table, place.column, place.row, place.user ?? '']));
