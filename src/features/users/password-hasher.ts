import { type Algorithm, hash, verify } from '@node-rs/argon2';
import { RequestFault } from '../../kernel';
import type { Keyring } from '../../platform';
import { parseForeignHash } from './foreign-hash';

export const PASSWORD_MAX = 128;
const PASSWORD_BYTES_MAX = 1024;
const WAIT_MS = 1000;

/** Argon2id with 19 MiB, two passes, one lane (RFC 9106; the minimum that OWASP recommends). */
const COST = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 };

export interface StoredPassword {
  readonly passwordHash: string;
  /** The version of the key that peppers the hash. Null: another system made the hash. */
  readonly passwordKey: string | null;
}

/** Whether the text may be a password at all; checked before any hashing. */
export const isPasswordSized = (text: string): boolean =>
  Buffer.byteLength(text) <= PASSWORD_BYTES_MAX && [...text].length <= PASSWORD_MAX;

/**
 * Hashes passwords on libuv's threads, a bounded number at a time; who waits longer than a second is told
 * SERVICE_UNAVAILABLE. A key from outside the database peppers every hash.
 */
export class PasswordHasher {
  private readonly dummy: Promise<StoredPassword>;
  private running = 0;
  private readonly queue: (() => void)[] = [];

  constructor(
    private readonly keyring: Keyring,
    private readonly inParallel: number,
  ) {
    this.dummy = this.hash('a password that nobody has');
    this.dummy.catch(() => undefined);
  }

  async hash(password: string): Promise<StoredPassword & { readonly passwordKey: string }> {
    const passwordKey = this.keyring.version;
    const passwordHash = await this.bounded(() =>
      hash(normal(password), { ...COST, secret: this.pepper(passwordKey) }),
    );
    return { passwordHash, passwordKey };
  }

  /** Compares with what is stored; where nothing is, a dummy is compared, so that it takes as long. */
  async verify(stored: StoredPassword | undefined, password: string): Promise<boolean> {
    const against = stored ?? (await this.dummy);
    const { passwordHash, passwordKey } = against;
    const isRight = await this.bounded(() =>
      passwordKey === null
        ? isRightForForeign(passwordHash, password)
        : verify(passwordHash, normal(password), { secret: this.pepper(passwordKey) }),
    );
    return isRight && stored !== undefined;
  }

  private pepper(version: string): Buffer {
    return this.keyring.mac('password', ['pepper'], version);
  }

  private async bounded<T>(work: () => Promise<T>): Promise<T> {
    await this.enter();
    try {
      return await work();
    } finally {
      // The place is handed on, not freed: nobody can slip in between.
      const next = this.queue.shift();
      if (next) next();
      else this.running -= 1;
    }
  }

  private async enter(): Promise<void> {
    if (this.running < this.inParallel) {
      this.running += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const take = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.queue.splice(this.queue.indexOf(take), 1);
        reject(new RequestFault('SERVICE_UNAVAILABLE', undefined, 'too many password hashes at once'));
      }, WAIT_MS);
      this.queue.push(take);
    });
  }
}

/** The same password typed on another keyboard is the same bytes (NIST SP 800-63B §3.1.1.2). */
const normal = (password: string): string => password.normalize('NFKC');

/** Other systems hash what was typed, mostly as it came. One that does not read any more is as a wrong password. */
async function isRightForForeign(hashed: string, password: string): Promise<boolean> {
  const foreign = parseForeignHash(hashed);
  if ('fault' in foreign) return false;
  if (await foreign.verify(password)) return true;
  const normalised = normal(password);
  return normalised !== password && foreign.verify(normalised);
}
