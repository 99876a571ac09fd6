import { timingSafeEqual } from 'node:crypto';
import { Refusal, type Chance } from '../../../../kernel';
import type { Keyring, Sql, UnitOfWork } from '../../../../platform';
import {
  inGroups,
  newCode,
  type FactorDriver,
  type FactorRef,
  type Issued,
  type TemporaryCodeMaker,
  type Verdict,
} from '../../contract';
import { addCode, readCode, useCode } from './temporary-code.store';

const CHALLENGE_SECONDS = 300;

/** How many signs the page is to ask for. */
export const keptLength = (kept: unknown): number => (kept as { readonly length: number }).length;

/** One code of at least 80 random bits for one sign-in. */
export class TemporaryCodeDriver implements FactorDriver<string>, TemporaryCodeMaker {
  constructor(
    private readonly sql: Sql,
    private readonly keyring: Keyring,
    private readonly chance: Chance,
  ) {}

  enroll(): Promise<Issued> {
    throw new Refusal('FACTOR_NOT_AVAILABLE', {}, 'a temporary code is issued, not enrolled');
  }

  activate(): Promise<Verdict> {
    return Promise.resolve({ accepted: false, why: 'a temporary code is issued, not enrolled' });
  }

  async issue(factor: FactorRef): Promise<Issued> {
    const stored = await readCode(this.sql, factor.id);
    if (!stored) throw new Refusal('FACTOR_NOT_AVAILABLE', {}, 'no such code');
    const kept = { length: stored.length };
    return { lifeSeconds: CHALLENGE_SECONDS, resendAfterSeconds: null, kept };
  }

  async verify(factor: FactorRef, _kept: unknown, code: string): Promise<Verdict> {
    const stored = await readCode(this.sql, factor.id);
    if (!stored || !this.keyring.has(stored.keyVersion)) return { accepted: false, why: 'no readable code' };
    const hash = this.hash(factor.id, code, stored.keyVersion);
    if (!timingSafeEqual(stored.hash, hash)) return { accepted: false, why: 'wrong code' };
    if (stored.isUsed) return { accepted: false, why: 'replay' };
    return { accepted: true, consume: (tx) => useCode(tx, factor.id) };
  }

  async make(tx: UnitOfWork, factorId: string, groups: number): Promise<string> {
    const code = newCode(this.chance, groups);
    const keyVersion = this.keyring.version;
    await addCode(tx, factorId, {
      hash: this.hash(factorId, code, keyVersion),
      keyVersion,
      length: code.length,
    });
    return inGroups(code);
  }

  /** Fast on purpose: what nobody can guess needs no slow hash. */
  private hash(factorId: string, code: string, keyVersion: string): Buffer {
    return this.keyring.mac('code', ['temporary', factorId, code], keyVersion);
  }
}
