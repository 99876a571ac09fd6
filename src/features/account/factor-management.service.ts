import { Refusal, type ClientContext } from '../../kernel';
import type { Database, UnitOfWork, UserCaller } from '../../platform';
import type { Challenges } from '../challenges';
import type { AuditRecorder } from '../events';
import { kindModule, type FactorFacts, type FactorKindAtWork, type Factors } from '../factors';
import type { KnownDevices } from '../known-devices';
import { LIMITS, type Limits } from '../limits';
import { isEnforcedFor, type Policies, type PolicyValues } from '../policy';
import type { Sessions } from '../sessions';
import type { User, Users } from '../users';
import type { EnrollmentAccess } from './enrollment-access.service';

export interface FactorDeps {
  readonly database: Database;
  readonly kinds: ReadonlyMap<string, FactorKindAtWork<never>>;
  readonly users: Users;
  readonly factors: Factors;
  readonly challenges: Challenges;
  readonly sessions: Sessions;
  readonly limits: Limits;
  readonly recorder: AuditRecorder;
  readonly access: EnrollmentAccess;
  readonly policies: Policies;
  readonly knownDevices: KnownDevices;
}

/** A factor that counts by itself; a list of codes is only the way back in. */
const isReal = ({ kind }: FactorFacts): boolean => kindModule(kind).graphql.setupType !== undefined;

/** What users do with the factors that they have. */
export class FactorManagement {
  constructor(private readonly deps: FactorDeps) {}

  /** Renames, or makes it the one that is offered first. Refuses with NOT_FOUND. */
  async update(
    { userId }: UserCaller,
    factorId: string,
    changes: { readonly label?: string; readonly isPreferred?: boolean },
  ): Promise<FactorFacts> {
    const { database, factors } = this.deps;
    return database.transaction(async (tx) => {
      await factors.lock(tx, userId);
      await factors.change(tx, userId, factorId, changes);
      const changed = await factors.find(userId, factorId, tx);
      if (!changed) throw new Refusal('NOT_FOUND', { path: ['input', 'factorId'] });
      return changed;
    });
  }

  /**
   * Removes a factor, and with the last real one the backup codes; other sessions end, and no browser is remembered any
   * more. Refuses with STEP_UP_REQUIRED,
   * NOT_FOUND, or LAST_FACTOR where the policy needs one.
   */
  async remove(caller: UserCaller, factorId: string, context: ClientContext): Promise<FactorFacts> {
    const { database, users, factors, sessions, recorder, challenges, access, policies, knownDevices } =
      this.deps;
    const { userId, sessionId } = caller;
    await access.requireStepUp(caller);
    await access.refuseByBackupCode(caller);
    const user = await users.find(userId);
    return database.transaction(async (tx) => {
      // Removals and confirmations of one user queue here, so that what is counted stays true.
      await factors.lock(tx, userId);
      const policy = await policies.hold(tx);
      const active = await factors.active(userId, tx);
      const target = active.find(({ id }) => id === factorId);
      if (!target || !user) throw new Refusal('NOT_FOUND', { path: ['input', 'factorId'] });
      const removed = withDependents(policy, user, target, active);
      await challenges.withdraw(
        tx,
        removed.map(({ id }) => id),
      );
      await knownDevices.forgetAll(tx, userId);
      const entries = removed.map(({ id, kind }) => ({
        type: 'FACTOR_REMOVED' as const,
        outcome: 'SUCCESS' as const,
        actorId: userId,
        userId,
        factorKind: kind,
        factorId: id,
        sessionId,
        context,
      }));
      // Recorded first: the notice goes to the number or address that is being removed, too.
      await recorder.record(tx, ...entries);
      for (const factor of removed) await this.end(tx, userId, factor);
      await sessions.revokeAll(tx, userId, 'factor removed', sessionId);
      return target;
    });
  }

  /**
   * Lets an app whose clock is far off work again, by two codes in a row (RFC 6238 §6). A try counts as a guess. Refuses
   * with STEP_UP_REQUIRED, NOT_FOUND, FACTOR_NOT_AVAILABLE, INVALID_INPUT, RATE_LIMITED or INVALID_CODE.
   */
  async resync(
    caller: UserCaller,
    factorId: string,
    codes: readonly [first: string, second: string],
    context: ClientContext,
  ): Promise<FactorFacts> {
    const { database, factors, kinds, limits, recorder, access } = this.deps;
    const { userId } = caller;
    await access.requireStepUp(caller);
    const factor = await factors.find(userId, factorId);
    if (!factor) throw new Refusal('NOT_FOUND', { path: ['input', 'factorId'] });
    const atWork = kinds.get(factor.kind);
    if (!atWork?.resync) throw new Refusal('FACTOR_NOT_AVAILABLE', {}, 'this kind has no clock');
    const entry = {
      type: 'CHALLENGE_ANSWERED',
      actorId: userId,
      userId,
      factorKind: factor.kind,
      factorId,
      sessionId: caller.sessionId,
      context,
    } as const;
    await limits.chargeFailure(LIMITS.guesses, userId);
    const verdict = await atWork.resync(factor, codes);
    const isDone =
      verdict.accepted &&
      (await database.transaction(async (tx) => {
        if (!(await verdict.consume?.(tx)) || !(await factors.touch(tx, factor.id))) return false;
        await limits.restoreGuesses(tx, userId);
        await recorder.record(tx, { ...entry, outcome: 'SUCCESS', reason: 'clock set right' });
        return true;
      }));
    if (isDone) return factor;
    const reason = verdict.accepted ? 'replay' : verdict.why;
    await recorder.record(database, { ...entry, outcome: 'FAILURE', reason });
    throw new Refusal('INVALID_CODE');
  }

  private async end(tx: UnitOfWork, userId: string, factor: FactorFacts): Promise<void> {
    if (!(await this.deps.factors.revoke(tx, userId, factor.id))) throw new Refusal('NOT_FOUND');
    await this.deps.kinds.get(factor.kind)?.removed?.(tx, factor.id);
  }
}

/** What goes with the factor; refuses where nothing real would be left and the policy, if it can be read, needs one. */
function withDependents(
  policy: PolicyValues | undefined,
  user: User,
  target: FactorFacts,
  active: readonly FactorFacts[],
): FactorFacts[] {
  if (!isReal(target) || active.some((factor) => factor.id !== target.id && isReal(factor))) return [target];
  if (!policy || isEnforcedFor(policy, user))
    throw new Refusal('LAST_FACTOR', { path: ['input', 'factorId'] });
  return [target, ...active.filter((factor) => factor.id !== target.id)];
}
