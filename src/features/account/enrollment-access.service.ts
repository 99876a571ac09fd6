import { Refusal, RequestFault, reaches, unixSeconds, type Clock } from '../../kernel';
import type { Caller, Sql, UnitOfWork, UserCaller } from '../../platform';
import { ownerOf, usefulKinds, type Flows } from '../auth-flow';
import type { EnrollmentNow, Origin } from '../enrollment';
import type { Factors } from '../factors';
import { DEFAULT_POLICY, type Policies } from '../policy';
import type { Sessions } from '../sessions';
import { isLocked, type User, type Users } from '../users';

/** Who may add a factor: a user signed in and stepped up, or the holder of a flow that asks for the first factor. */
export class EnrollmentAccess {
  constructor(
    private readonly users: Users,
    private readonly factors: Factors,
    private readonly flows: Flows,
    private readonly sessions: Sessions,
    private readonly policies: Policies,
    private readonly clock: Clock,
  ) {}

  /** Refuses with STEP_UP_REQUIRED unless the caller's token proves the level of the account, freshly. */
  async requireStepUp(caller: UserCaller): Promise<void> {
    const hasFactor = (await this.factors.active(caller.userId)).length > 0;
    const requiredAssurance = hasFactor ? 'AAL2' : 'AAL1';
    const maxAgeSeconds = await this.maxAgeSeconds();
    const age = unixSeconds(this.clock.now()) - unixSeconds(caller.authenticatedAt);
    if (reaches(caller.assurance, requiredAssurance) && age <= maxAgeSeconds) return;
    throw new Refusal('STEP_UP_REQUIRED', { requiredAssurance, maxAgeSeconds });
  }

  /**
   * For operations of the highest class, in their transaction and after `requireStepUp`: uses the proof up, so that the
   * next one needs its own. Refuses with STEP_UP_REQUIRED.
   */
  async spendStepUp(tx: UnitOfWork, caller: UserCaller): Promise<void> {
    if (await this.sessions.spendStepUp(tx, caller.sessionId, caller.authenticatedAt)) return;
    // No older proof will do, however fresh.
    throw new Refusal('STEP_UP_REQUIRED', { requiredAssurance: caller.assurance, maxAgeSeconds: 0 });
  }

  /**
   * A backup code lets its owner add a factor. To take others away another factor must be proven, and for a day not one
   * that was added by the code's own session: who found a code must not drive the owner out.
   */
  async refuseByBackupCode(caller: UserCaller): Promise<void> {
    if (!(await this.isByBackupCode(caller))) return;
    throw new Refusal('STEP_UP_REQUIRED', {
      requiredAssurance: 'AAL2',
      maxAgeSeconds: await this.maxAgeSeconds(),
      message: 'Please confirm with another factor than a backup code, or one that you added with it today.',
    });
  }

  private async maxAgeSeconds(sql?: Sql): Promise<number> {
    return ((await this.policies.find(sql)) ?? DEFAULT_POLICY).stepUpMaxAgeSeconds;
  }

  private async isByBackupCode(caller: UserCaller): Promise<boolean> {
    const session = await this.sessions.standing(caller);
    if (!session) throw new RequestFault('UNAUTHENTICATED');
    const proofs = session.proofs.filter(({ kind }) => kind !== 'PASSWORD');
    if (proofs.length === 0) return false;
    const others = proofs.filter(({ kind }) => kind !== 'BACKUP_CODE').map(({ by }) => by);
    return !(await this.factors.isSettled(others));
  }

  /** Whose factor is to be enrolled. Throws UNAUTHENTICATED, or refuses with INVALID_TOKEN, WRONG_STATUS, STEP_UP_REQUIRED. */
  async toStart(
    flowToken: string | undefined,
    caller: () => Promise<UserCaller>,
  ): Promise<{ user: User; origin: Origin; allowedKinds: readonly string[] }> {
    if (flowToken !== undefined) {
      const flow = await this.flows.readLive(flowToken);
      if (flow.status !== 'ENROLLMENT_REQUIRED') throw new Refusal('WRONG_STATUS');
      return {
        user: await this.activeUser(ownerOf(flow)),
        origin: { flowId: flow.id, sessionId: null, isByBackupCode: false },
        allowedKinds: usefulKinds(flow, this.factors.enrollableKinds),
      };
    }
    const signedIn = await caller();
    const user = await this.activeUser(signedIn.userId);
    await this.requireStepUp(signedIn);
    const isByBackupCode = await this.isByBackupCode(signedIn);
    const origin = { flowId: null, sessionId: signedIn.sessionId, isByBackupCode };
    return { user, origin, allowedKinds: await this.policies.allowedKinds() };
  }

  /** An enrollment is confirmed where it began: its session must stand, and whoever is signed in must be in that session. */
  async toConfirm(enrollment: EnrollmentNow, caller: Caller): Promise<void> {
    await this.activeUser(enrollment.userId);
    const { sessionId, userId } = enrollment;
    if (sessionId === null) return;
    if (caller.kind === 'user' && caller.sessionId !== sessionId)
      throw new Refusal('INVALID_TOKEN', {}, 'another session');
    if (!(await this.sessions.isStanding({ sessionId, userId })))
      throw new Refusal('INVALID_TOKEN', {}, 'session over');
  }

  private async activeUser(userId: string): Promise<User> {
    const user = await this.users.find(userId);
    if (!user) throw new RequestFault('UNAUTHENTICATED');
    if (isLocked(user, this.clock.now())) throw new Refusal('INVALID_TOKEN', {}, 'the user is locked');
    return user;
  }
}
