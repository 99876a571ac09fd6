import { Refusal } from '../../kernel';
import type { UnitOfWork } from '../../platform';
import { BY_RECOVERY } from '../account';
import type { PendingFlows } from '../auth-flow';
import type { Enrollments } from '../enrollment';
import type { AuditEntry, AuditRecorder } from '../events';
import type { FactorFacts, FactorKindAtWork, Factors } from '../factors';
import type { KnownDevices } from '../known-devices';
import type { Policies } from '../policy';
import type { Sessions } from '../sessions';
import * as store from './recovery.store';

export interface RecoveryCompletionDeps {
  readonly kinds: ReadonlyMap<string, FactorKindAtWork<never>>;
  readonly factors: Factors;
  readonly pending: PendingFlows;
  readonly enrollments: Enrollments;
  readonly knownDevices: KnownDevices;
  readonly policies: Policies;
  readonly sessions: Sessions;
  readonly recorder: AuditRecorder;
}

/**
 * A recovery takes effect in one transaction, that of the new factor: until then all that the user had works on, and
 * afterwards none of it does. A sign-in that used the code and went no further has changed nothing.
 */
export class RecoveryCompletion {
  constructor(private readonly deps: RecoveryCompletionDeps) {}

  /**
   * A flow is about to add its factor: where the flow's proof was the code of a recovery, that recovery is completed.
   * Refuses with INVALID_TOKEN where it was stopped meanwhile. Locks flows, factors, the user, sessions, then the request.
   */
  async flowEnrolls(tx: UnitOfWork, flow: { readonly id: string; readonly userId: string }): Promise<void> {
    const codeId = await store.codeOfFlow(tx, flow.id, 'TEMPORARY_CODE');
    const request = codeId === undefined ? undefined : await store.requestOfCode(tx, codeId);
    if (!request) return;
    const { factors, pending, enrollments, knownDevices, policies, sessions, recorder, kinds } = this.deps;
    const { userId } = flow;
    await pending.end(tx, userId, flow.id);
    await enrollments.endAll(tx, userId);
    const removed = await factors.active(userId, tx);
    // Recorded first: the notice goes to the number or address that is being removed, too.
    await recorder.record(tx, ...entries(flow, request.id, removed));
    for (const { id, kind } of removed) {
      await factors.revoke(tx, userId, id);
      await kinds.get(kind)?.removed?.(tx, id);
    }
    await knownDevices.forgetAll(tx, userId);
    await policies.openEnrollment(tx, userId);
    await sessions.revokeAll(tx, userId, 'recovery');
    if (!(await store.endRequest(tx, request.id, 'COMPLETED')))
      throw new Refusal('INVALID_TOKEN', {}, 'the recovery was stopped, or is void');
  }
}

function entries(
  { id, userId }: { readonly id: string; readonly userId: string },
  requestId: string,
  removed: readonly FactorFacts[],
): AuditEntry[] {
  const about = { outcome: 'SUCCESS', actorId: userId, userId, flowId: id } as const;
  return [
    { type: 'RECOVERY_COMPLETED', ...about, details: { requestId } },
    ...removed.map((factor): AuditEntry => ({
      type: 'FACTOR_REMOVED',
      ...about,
      factorKind: factor.kind,
      factorId: factor.id,
      reason: BY_RECOVERY,
    })),
  ];
}
