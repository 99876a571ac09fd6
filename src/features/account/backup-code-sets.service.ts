import { Refusal, newId, type Chance, type ClientContext, type Clock } from '../../kernel';
import type { Database } from '../../platform';
import type { EnrollmentNow } from '../enrollment';
import type { AuditRecorder } from '../events';
import type { CodeSets, FactorFacts, FactorKindAtWork, Factors } from '../factors';
import { DEFAULT_POLICY, type Policies } from '../policy';
import { FIRST_SET } from './notice-texts';

export interface GeneratedCodes {
  /** To be shown once. */
  readonly codes: readonly string[];
  readonly factor: FactorFacts;
}

/** Sets of backup codes: a new one replaces the old one as a whole. */
export class BackupCodeSets {
  private readonly kind: string;
  private readonly sets: CodeSets;

  constructor(
    private readonly database: Database,
    private readonly factors: Factors,
    private readonly recorder: AuditRecorder,
    private readonly clock: Clock,
    private readonly chance: Chance,
    private readonly policies: Policies,
    kinds: ReadonlyMap<string, FactorKindAtWork<never>>,
  ) {
    const found = [...kinds].find(([, { codeSets }]) => codeSets);
    if (!found?.[1].codeSets) throw new Error('no kind makes sets of codes');
    this.kind = found[0];
    this.sets = found[1].codeSets;
  }

  /** For a user who was stepped up. */
  generate(userId: string, sessionId: string | null, context: ClientContext): Promise<GeneratedCodes> {
    return this.replace(userId, sessionId, context, () => undefined);
  }

  /** With the confirmation of the account's first factor, whose notice is enough. */
  generateFirst({ userId, sessionId }: EnrollmentNow, context: ClientContext): Promise<GeneratedCodes> {
    return this.replace(userId, sessionId, context, () => undefined, FIRST_SET);
  }

  /**
   * For the holder of the enrollment that was the account's first: once, where a phone confirmed it and no reply could
   * bring the codes. Refuses with INVALID_TOKEN or WRONG_STATUS.
   */
  async generateFor(enrollment: EnrollmentNow, context: ClientContext): Promise<GeneratedCodes> {
    if (enrollment.status !== 'CONFIRMED') throw new Refusal('WRONG_STATUS');
    if (await this.factors.hadOthers(enrollment.userId, enrollment.factorId))
      throw new Refusal('INVALID_TOKEN', {}, 'not the account’s first factor, or codes were made already');
    return this.replace(enrollment.userId, enrollment.sessionId, context, (active) => {
      const isFirst = active.length === 1 && active[0]?.id === enrollment.factorId;
      if (!isFirst) throw new Refusal('INVALID_TOKEN', {}, 'not the only factor, or codes were made already');
    });
  }

  /** How many codes are left; 0 where there is no set. */
  async remaining(userId: string): Promise<number> {
    const set = (await this.factors.active(userId)).find(({ kind }) => kind === this.kind);
    return set ? this.sets.remaining(set.id) : 0;
  }

  private async replace(
    userId: string,
    sessionId: string | null,
    context: ClientContext,
    check: (active: readonly FactorFacts[]) => void,
    reason: string | null = null,
  ): Promise<GeneratedCodes> {
    check(await this.factors.active(userId));
    const { backupCodeCount } = (await this.policies.find()) ?? DEFAULT_POLICY;
    const prepared = await this.sets.prepare(backupCodeCount);
    const id = newId('fct', this.clock, this.chance);
    await this.database.transaction(async (tx) => {
      await this.factors.lock(tx, userId);
      const active = await this.factors.active(userId, tx);
      check(active);
      if (active.every(({ kind }) => kind === this.kind)) {
        throw new Refusal('FACTOR_NOT_AVAILABLE', {}, 'codes alone are no second factor');
      }
      for (const old of active) if (old.kind === this.kind) await this.factors.revoke(tx, userId, old.id);
      await this.factors.add(tx, { id, userId, kind: this.kind, label: null, hint: null });
      await this.sets.store(tx, id, prepared);
      await this.recorder.record(tx, {
        type: 'BACKUP_CODES_GENERATED',
        outcome: 'SUCCESS',
        actorId: userId,
        userId,
        factorKind: this.kind,
        factorId: id,
        sessionId,
        context,
        reason,
      });
    });
    const factor = await this.factors.find(userId, id);
    if (!factor) throw new Refusal('CONFLICT', {}, 'replaced by another set at the same time');
    return { codes: prepared.codes, factor };
  }
}
