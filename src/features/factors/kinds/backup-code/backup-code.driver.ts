import { timingSafeEqual } from 'node:crypto';
import { hashRaw, type Algorithm } from '@node-rs/argon2';
import { Refusal, type Chance } from '../../../../kernel';
import type { Keyring, Sql, UnitOfWork } from '../../../../platform';
import type { CodeSets, FactorDriver, FactorRef, Issued, PreparedCodes, Verdict } from '../../contract';
import { GROUP, inGroups, newCode } from './backup-code';
import { addSet, countUnused, readSet, useCode } from './backup-code.store';

const CHALLENGE_SECONDS = 300;
const SALT_BYTES = 16;
/**
 * Argon2id, lighter than for passwords: 60 random bits cannot be guessed, and ten hashes are waited for when a set is
 * made. It is there for whoever has the table and the key.
 */
const COST = { algorithm: 2 satisfies Algorithm.Argon2id, memoryCost: 4096, timeCost: 1, parallelism: 1 };

interface Prepared extends PreparedCodes {
  readonly salt: Buffer;
  readonly keyVersion: string;
  readonly hashes: readonly Buffer[];
}

/** How many signs the page is to ask for. */
export const keptLength = (kept: unknown): number => (kept as { readonly length: number }).length;

/** Single-use codes from a list (NIST SP 800-63B §3.1.2, look-up secrets). */
export class BackupCodeDriver implements FactorDriver<string>, CodeSets {
  /** One hash at a time: none takes long, and many at once would take much memory. */
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly sql: Sql,
    private readonly keyring: Keyring,
    private readonly chance: Chance,
    private readonly groups: number,
  ) {}

  enroll(): Promise<Issued> {
    throw new Refusal('FACTOR_NOT_AVAILABLE', {}, 'a set of codes is generated, not enrolled');
  }

  activate(): Promise<Verdict> {
    return Promise.resolve({ accepted: false, why: 'a set of codes is generated, not enrolled' });
  }

  issue(): Promise<Issued> {
    const kept = { length: this.groups * GROUP };
    return Promise.resolve({ lifeSeconds: CHALLENGE_SECONDS, resendAfterSeconds: null, kept });
  }

  async verify(factor: FactorRef, _kept: unknown, code: string): Promise<Verdict> {
    const set = await readSet(this.sql, factor.id);
    if (!set || !this.keyring.has(set.keyVersion)) return { accepted: false, why: 'no readable set' };
    const hash = await this.hash(code, set.salt, set.keyVersion);
    // Every code is looked at, used ones too: the time tells nothing.
    const matches = set.codes.filter((stored) => timingSafeEqual(stored.hash, hash));
    const [match] = matches;
    if (!match) return { accepted: false, why: 'wrong code' };
    if (match.isUsed) return { accepted: false, why: 'replay' };
    return {
      accepted: true,
      consume: (tx) => useCode(tx, factor.id, match.position),
      detail: async (tx) => `codes left: ${String(await countUnused(tx, factor.id))}`,
    };
  }

  async prepare(count: number): Promise<Prepared> {
    const codes = new Set<string>();
    while (codes.size < count) codes.add(newCode(this.chance, this.groups));
    const salt = this.chance.bytes(SALT_BYTES);
    const keyVersion = this.keyring.version;
    const hashes: Buffer[] = [];
    for (const code of codes) hashes.push(await this.hash(code, salt, keyVersion));
    return { codes: [...codes].map(inGroups), salt, keyVersion, hashes };
  }

  store(tx: UnitOfWork, factorId: string, prepared: PreparedCodes): Promise<void> {
    return addSet(tx, factorId, prepared as Prepared);
  }

  remaining(factorId: string): Promise<number> {
    return countUnused(this.sql, factorId);
  }

  private hash(code: string, salt: Buffer, keyVersion: string): Promise<Buffer> {
    const secret = this.keyring.mac('code', ['backup', 'pepper'], keyVersion);
    const turn = this.queue.then(() => hashRaw(code, { ...COST, salt, secret }));
    this.queue = turn.catch(() => undefined);
    return turn;
  }
}
