import { Refusal, reaches, type AssuranceLevel, type ClientContext } from '../../kernel';
import type { Database, UnitOfWork, UserCaller } from '../../platform';
import type { EnrollmentAccess } from '../account';
import type { Authority, IdentityCheck } from '../administration';
import type { AuditRecorder } from '../events';
import { kindModule, type Factors } from '../factors';
import type { Policies, PolicyValues } from '../policy';
import { isLive, type RecoveryNow } from './recovery';
import type { RecoveryNotices } from './recovery-notices.service';
import type { RecoveryProgress } from './recovery-progress.service';
import * as store from './recovery.store';

export interface DecisionWish {
  readonly requestId: string;
  readonly approve: boolean;
  readonly identityCheck?: IdentityCheck | undefined;
  readonly evidenceReference?: string | undefined;
  readonly isEmergency: boolean;
  readonly note: string;
}

export interface RecoveryDecisionDeps {
  readonly database: Database;
  readonly authority: Authority;
  readonly access: EnrollmentAccess;
  readonly factors: Factors;
  readonly policies: Policies;
  readonly recorder: AuditRecorder;
  readonly notices: RecoveryNotices;
  readonly progress: RecoveryProgress;
}

/** What the help desk does with a request: enough different people approve it, or one denies it. */
export class RecoveryDecisions {
  constructor(private readonly deps: RecoveryDecisionDeps) {}

  /**
   * One person's decision. Refuses with NOT_FOUND, STEP_UP_REQUIRED, BLOCKED_BY_POLICY (oneself, a higher role, recovery is off),
   * INVALID_INPUT, WRONG_STATUS, or CONFLICT for whoever has decided before.
   */
  async decide(caller: UserCaller, wish: DecisionWish, context: ClientContext): Promise<RecoveryNow> {
    const { database, authority } = this.deps;
    const request = await store.findRequest(database, wish.requestId);
    if (!request) throw new Refusal('NOT_FOUND', { path: ['input', 'requestId'] });
    await authority.over(caller, request.userId);
    if (wish.approve) await this.refuseWeak(caller);
    const policy = await this.deps.policies.find();
    if (!policy || (wish.approve && policy.adminRecovery !== 'VERIFY_WITH_ID'))
      throw new Refusal('BLOCKED_BY_POLICY');
    if (wish.approve) requireEvidence(wish);
    return database.transaction(async (tx) => {
      if (wish.approve) await this.deps.access.spendStepUp(tx, caller);
      const held = await store.lockRequest(tx, request.id);
      if (!held || !mayDecide(held, wish)) throw new Refusal('WRONG_STATUS');
      await this.addDecision(tx, caller, held, wish);
      const decided = await (wish.approve ? this.approve(tx, held, wish, policy) : this.deny(tx, held));
      await this.record(tx, caller, decided, wish, context);
      return decided;
    });
  }

  /** The approver proves more than the password, and the best that they have. Refuses with STEP_UP_REQUIRED. */
  private async refuseWeak(caller: UserCaller): Promise<void> {
    const active = await this.deps.factors.active(caller.userId);
    const hasResistant = active.some(({ kind }) => kindModule(kind).traits.isPhishingResistant);
    const requiredAssurance: AssuranceLevel = hasResistant ? 'AAL2_PHR' : 'AAL2';
    if (reaches(caller.assurance, requiredAssurance)) return;
    throw new Refusal('STEP_UP_REQUIRED', { requiredAssurance });
  }

  private async addDecision(
    tx: UnitOfWork,
    caller: UserCaller,
    { id }: RecoveryNow,
    wish: DecisionWish,
  ): Promise<void> {
    const isNew = await store.addDecision(tx, {
      requestId: id,
      deciderId: caller.userId,
      isApproval: wish.approve,
      isEmergency: wish.approve && wish.isEmergency,
      identityCheck: wish.identityCheck ?? null,
      evidenceReference: wish.evidenceReference ?? null,
      note: wish.note,
    });
    if (!isNew) throw new Refusal('CONFLICT', { message: 'You have decided about this request already.' });
  }

  private async approve(
    tx: UnitOfWork,
    held: RecoveryNow,
    wish: DecisionWish,
    policy: PolicyValues,
  ): Promise<RecoveryNow> {
    const isEmergency = held.isEmergency || wish.isEmergency;
    if (held.isEmergency && !wish.isEmergency) {
      throw new Refusal('CONFLICT', {
        path: ['input', 'isEmergency'],
        message: 'This was marked as an emergency: approving it means that there is no waiting period.',
      });
    }
    const required = policy.recoveryApprovals + (isEmergency ? 1 : 0);
    await store.noteApprovals(tx, held.id, required, isEmergency);
    if ((await store.countApprovals(tx, held.id)) >= required) {
      const waitingHours = isEmergency ? 0 : policy.recoveryWaitingHours;
      await store.approve(tx, held.id, { waitingHours, timeoutHours: policy.recoveryTimeoutHours });
      await this.announce(tx, await again(tx, held), isEmergency);
    }
    return again(tx, held);
  }

  private async announce(tx: UnitOfWork, request: RecoveryNow, isEmergency: boolean): Promise<void> {
    const { notices, progress } = this.deps;
    await notices.tell(tx, request, isEmergency ? 'emergency' : 'approved');
    if (isEmergency) await notices.tellAdministrators(tx, request);
    // The code of an emergency is waited for: it does not wait for the sweeper's next turn.
    if (request.status === 'READY') await progress.send(tx, request);
  }

  private async deny(tx: UnitOfWork, held: RecoveryNow): Promise<RecoveryNow> {
    if (!(await store.endRequest(tx, held.id, 'DENIED'))) throw new Refusal('WRONG_STATUS');
    await this.deps.factors.endTemporary(tx, held.userId);
    return again(tx, held);
  }

  private async record(
    tx: UnitOfWork,
    caller: UserCaller,
    { id, userId, flowId, status }: RecoveryNow,
    { approve, isEmergency, identityCheck, evidenceReference, note }: DecisionWish,
    context: ClientContext,
  ): Promise<void> {
    await this.deps.recorder.record(tx, {
      type: 'RECOVERY_DECIDED',
      outcome: approve ? 'SUCCESS' : 'FAILURE',
      actorId: caller.userId,
      userId,
      flowId,
      sessionId: caller.sessionId,
      context,
      reason: `${approve ? 'approved' : 'denied'}, now ${status}`,
      note,
      details: { requestId: id, identityCheck, evidenceReference, isEmergency },
    });
  }
}

/** Approvals are for a pending request, and for one that waits where an emergency ends its waiting; denial for any that lives. */
const mayDecide = (request: RecoveryNow, { approve, isEmergency }: DecisionWish): boolean =>
  approve ? request.status === 'PENDING' || (request.status === 'APPROVED' && isEmergency) : isLive(request);

function requireEvidence({ identityCheck, evidenceReference }: DecisionWish): void {
  const missing = [
    ...(identityCheck === undefined ? ['identityCheck'] : []),
    ...(evidenceReference === undefined ? ['evidenceReference'] : []),
  ];
  if (missing.length === 0) return;
  throw Refusal.ofFaults(
    missing.map((name) => ({
      code: 'INVALID_INPUT',
      path: ['input', name],
      message: 'This is needed to approve.',
    })),
  );
}

async function again(tx: UnitOfWork, { id }: RecoveryNow): Promise<RecoveryNow> {
  const request = await store.findRequest(tx, id);
  if (!request) throw new Error(`recovery request ${id} is gone`);
  return request;
}
