import { newId, type Chance, type Clock } from '../../kernel';
import type { UnitOfWork } from '../../platform';
import type { FactorKindAtWork, TemporaryCodeMaker } from './contract';
import type { Factors } from './factors.service';

/** Told by a person and typed in: 80 bits. */
const SPOKEN_GROUPS = 4;
/** Sent, and mostly copied: 140 bits. */
const SENT_GROUPS = 7;

/** A code that was issued just now. */
export interface TemporaryCode {
  /** To be shown or sent once; nothing keeps it. */
  readonly code: string;
  readonly factorId: string;
  readonly expiresAt: Date;
}

/** Codes that take the place of lost factors at one sign-in. A user has at most one that lives. */
export class TemporaryCodes {
  private readonly kind: string;
  private readonly maker: TemporaryCodeMaker;

  constructor(
    private readonly factors: Factors,
    private readonly clock: Clock,
    private readonly chance: Chance,
    kinds: ReadonlyMap<string, FactorKindAtWork<never>>,
  ) {
    const found = [...kinds].find(([, { temporaryCodes }]) => temporaryCodes);
    if (!found?.[1].temporaryCodes) throw new Error('no kind makes temporary codes');
    this.kind = found[0];
    this.maker = found[1].temporaryCodes;
  }

  /** A code that a person tells the user. It is good once, for so many minutes; an earlier one ends. */
  issue(tx: UnitOfWork, userId: string, validMinutes: number): Promise<TemporaryCode> {
    return this.add(tx, userId, { minutes: validMinutes }, SPOKEN_GROUPS);
  }

  /** A code that is sent to the user. It is good once, until then; an earlier one ends. */
  issueUntil(tx: UnitOfWork, userId: string, until: Date): Promise<TemporaryCode> {
    return this.add(tx, userId, until, SENT_GROUPS);
  }

  private async add(
    tx: UnitOfWork,
    userId: string,
    until: Date | { readonly minutes: number },
    groups: number,
  ): Promise<TemporaryCode> {
    await this.factors.endTemporary(tx, userId);
    const factorId = newId('fct', this.clock, this.chance);
    const expiresAt = await this.factors.addTemporary(tx, { id: factorId, userId, kind: this.kind }, until);
    return { code: await this.maker.make(tx, factorId, groups), factorId, expiresAt };
  }
}
