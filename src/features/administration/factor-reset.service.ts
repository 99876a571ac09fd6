import { Refusal } from '../../kernel';
import type { UnitOfWork } from '../../platform';
import {
  kindModule,
  type FactorFacts,
  type FactorKindAtWork,
  type Factors,
  type TemporaryCode,
  type TemporaryCodes,
} from '../factors';
import { BY_RESET } from '../account';
import type { User } from '../users';
import type { Act, UserAdministration, UserAdministrationDeps } from './user-administration.service';

/** How the help desk made sure who is asking. */
export const IdentityCheck = {
  GOVERNMENT_ID: 'GOVERNMENT_ID',
  VIDEO_CALL: 'VIDEO_CALL',
  IN_PERSON: 'IN_PERSON',
  VOUCHED: 'VOUCHED',
} as const;
export type IdentityCheck = keyof typeof IdentityCheck;

/** Whom it is about, and why the help desk believed it. */
export interface Evidence {
  readonly userId: string;
  readonly identityCheck: IdentityCheck;
  /** A pointer, never the document. */
  readonly evidenceReference: string;
  readonly note: string;
}

export interface FactorResetDeps extends Pick<
  UserAdministrationDeps,
  'database' | 'users' | 'authority' | 'access' | 'policies'
> {
  readonly administration: UserAdministration;
  readonly factors: Factors;
  readonly kinds: ReadonlyMap<string, FactorKindAtWork<never>>;
  readonly temporaryCodes: TemporaryCodes;
}

const TEMPORARY = 'TEMPORARY_CODE';
const isReal = ({ kind }: FactorFacts): boolean => kindModule(kind).graphql.setupType !== undefined;

/** What the help desk does where somebody's second factor is lost, or not there yet. No one person opens an account by it. */
export class FactorReset {
  constructor(private readonly deps: FactorResetDeps) {}

  /**
   * Takes factors away; null: all, with backup codes and remembered browsers. Where nothing real is left, the password alone
   * does not open the account again: only an approved recovery does. Refuses with STEP_UP_REQUIRED, NOT_FOUND,
   * FACTOR_NOT_AVAILABLE (there is none) or BLOCKED_BY_POLICY. Uses the step-up up.
   */
  async reset(act: Act, evidence: Evidence, factorIds: readonly string[] | null): Promise<User> {
    const { database, authority, access, administration, factors, policies, users } = this.deps;
    const { userId } = evidence;
    await authority.over(act.caller, userId);
    return database.transaction(async (tx) => {
      await factors.lock(tx, userId);
      const active = await factors.active(userId, tx);
      const removed = chosen(active, factorIds);
      await administration.endAll(tx, userId, 'factors reset');
      await administration.hold(tx, act, userId);
      await access.spendStepUp(tx, act.caller);
      // Recorded first: the notice goes to the number or address that is being taken away, too.
      await this.record(tx, act, evidence, removed);
      for (const factor of removed) await this.end(tx, factor);
      await factors.endTemporary(tx, userId);
      if (!active.some((factor) => isReal(factor) && !removed.includes(factor)))
        await policies.closeEnrollment(tx, userId);
      return (await users.find(userId, tx)) as User;
    });
  }

  /**
   * A code for the first day: to be used once in a sign-in that then enrolls. Refuses with STEP_UP_REQUIRED, NOT_FOUND, or
   * BLOCKED_BY_POLICY where the account ever had a factor: then a recovery must be approved. Uses the step-up up.
   */
  async issueTemporaryCode(
    act: Act,
    evidence: Evidence,
    validForMinutes: number,
  ): Promise<TemporaryCode & { readonly user: User }> {
    const { database, authority, access, administration, factors, temporaryCodes } = this.deps;
    const { userId, identityCheck, evidenceReference, note } = evidence;
    const user = await authority.over(act.caller, userId);
    return database.transaction(async (tx) => {
      await factors.lock(tx, userId);
      if (await factors.hadAny(userId, [TEMPORARY], tx))
        throw new Refusal('BLOCKED_BY_POLICY', {
          message: 'This account had a factor before: a recovery must be approved.',
        });
      await administration.hold(tx, act, userId);
      const issued = await temporaryCodes.issue(tx, userId, validForMinutes);
      await access.spendStepUp(tx, act.caller);
      await administration.record(tx, act, userId, {
        type: 'TEMPORARY_CODE_ISSUED',
        factorKind: TEMPORARY,
        factorId: issued.factorId,
        note,
        details: { identityCheck, evidenceReference },
      });
      return { ...issued, user };
    });
  }

  private async record(
    tx: UnitOfWork,
    act: Act,
    { userId, identityCheck, evidenceReference, note }: Evidence,
    removed: readonly FactorFacts[],
  ): Promise<void> {
    const { administration } = this.deps;
    const factorIds = removed.map(({ id }) => id);
    const details = { identityCheck, evidenceReference, factorIds };
    await administration.record(tx, act, userId, { type: 'FACTORS_RESET', note, details });
    for (const { id, kind } of removed) {
      const entry = { type: 'FACTOR_REMOVED', factorKind: kind, factorId: id, reason: BY_RESET } as const;
      await administration.record(tx, act, userId, entry);
    }
  }

  private async end(tx: UnitOfWork, { id, userId, kind }: FactorFacts): Promise<void> {
    if (!(await this.deps.factors.revoke(tx, userId, id))) throw new Refusal('CONFLICT');
    await this.deps.kinds.get(kind)?.removed?.(tx, id);
  }
}

/** With the last real factor the backup codes go, too. */
function chosen(active: readonly FactorFacts[], ids: readonly string[] | null): readonly FactorFacts[] {
  if (active.length === 0)
    throw new Refusal('FACTOR_NOT_AVAILABLE', { message: 'There is no factor to reset.' });
  if (ids === null) return active;
  const named = active.filter(({ id }) => ids.includes(id));
  if (named.length < new Set(ids).size) throw new Refusal('NOT_FOUND', { path: ['input', 'factorIds'] });
  const isRealLeft = active.some((factor) => isReal(factor) && !named.includes(factor));
  return isRealLeft ? named : active;
}
