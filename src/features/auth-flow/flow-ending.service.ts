import { Refusal } from '../../kernel';
import type { Keyring, UnitOfWork } from '../../platform';
import type { AuditEntry, AuditRecorder } from '../events';
import type { Policies } from '../policy';
import type { Sessions } from '../sessions';
import type { Users } from '../users';
import { setOwner } from './auth-flow.store';
import { ownerOf, type FlowRow } from './flow';
import { placeOfSubject, type FlowSubject } from './flow-subject';
import type { FlowHolder, Opened, SessionOpener } from './session-opener.service';

/** What a completed flow brings about, in the transaction of its last proof: most open a session, some do not. */
export class FlowEnding {
  constructor(
    private readonly users: Users,
    private readonly sessions: Sessions,
    private readonly opener: SessionOpener,
    private readonly recorder: AuditRecorder,
    private readonly keyring: Keyring,
    private readonly policies: Policies,
  ) {}

  /** Records the entries `before` with its own. Refuses with INVALID_TOKEN, or CONFLICT if the address was taken meanwhile. */
  async end(
    tx: UnitOfWork,
    flow: FlowRow,
    holder: FlowHolder,
    before: readonly AuditEntry[] = [],
  ): Promise<Opened | undefined> {
    switch (flow.purpose) {
      case 'SIGN_UP':
        return this.signUp(tx, flow, holder, before);
      case 'EMAIL_CHANGE':
        return this.changeEmail(tx, flow, before);
      case 'CALLER_CHECK':
        return this.callerChecked(tx, flow, before);
      case 'PASSWORD_RESET':
        throw new Error('a reset ends with its new password');
      default:
        return this.opener.open(tx, flow, holder, before);
    }
  }

  /** A caller has proven who they are; that opens nothing. */
  async callerChecked(tx: UnitOfWork, flow: FlowRow, before: readonly AuditEntry[]): Promise<undefined> {
    await this.recorder.record(tx, ...before, {
      type: 'CALLER_CHECK_COMPLETED',
      outcome: 'SUCCESS',
      userId: flow.userId,
      flowId: flow.id,
      context: flow.context,
    });
  }

  /** A right password that no second factor followed: recorded, and so told to the user. */
  async abandoned(tx: UnitOfWork, flow: FlowRow): Promise<void> {
    if (flow.purpose !== 'SIGN_IN' || flow.userId === null || flow.proofs.length === 0) return;
    const { userId, id, context } = flow;
    await this.recorder.record(tx, {
      type: 'SIGN_IN_COMPLETED',
      outcome: 'FAILURE',
      userId,
      flowId: id,
      context,
      reason: 'second factor failed or abandoned',
    });
  }

  /** What the flow is about, while it is still to be proven. */
  subjectOf(flow: Pick<FlowRow, 'id' | 'sealedSubject'>): FlowSubject {
    if (flow.sealedSubject === null) throw new Refusal('WRONG_STATUS');
    return JSON.parse(
      this.keyring.open(placeOfSubject(flow.id), flow.sealedSubject).toString(),
    ) as FlowSubject;
  }

  private async signUp(
    tx: UnitOfWork,
    flow: FlowRow,
    holder: FlowHolder,
    before: readonly AuditEntry[],
  ): Promise<Opened> {
    const { owned, entry } = await this.insertUser(tx, flow);
    return this.opener.open(tx, owned, holder, [...before, entry]);
  }

  /** The address of a sign-up is proven, and the policy wants a factor first: the account is made, without a session. */
  async makeUser(tx: UnitOfWork, flow: FlowRow, before: readonly AuditEntry[]): Promise<void> {
    const { entry } = await this.insertUser(tx, flow);
    await this.recorder.record(tx, ...before, entry);
  }

  /** Gives the flow with its user, and what is to be recorded. */
  private async insertUser(tx: UnitOfWork, flow: FlowRow): Promise<{ owned: FlowRow; entry: AuditEntry }> {
    const { email, locale, displayName, password } = this.subjectOf(flow);
    const user = await this.users.insert(tx, {
      email,
      locale,
      isEmailVerified: true,
      ...(displayName ? { displayName } : {}),
      ...(password ? { storedPassword: password } : {}),
    });
    // A session that no policy bounds must not come of it.
    if (!(await this.policies.startGrace(tx, user.id))) throw new Refusal('BLOCKED_BY_POLICY');
    const enrollmentDueAt = await setOwner(tx, flow.id, user.id);
    const entry = {
      type: 'SIGN_UP_COMPLETED',
      outcome: 'SUCCESS',
      actorId: user.id,
      userId: user.id,
      flowId: flow.id,
      context: flow.context,
    } as const;
    return { owned: { ...flow, userId: user.id, enrollmentDueAt }, entry };
  }

  private async changeEmail(
    tx: UnitOfWork,
    flow: FlowRow,
    before: readonly AuditEntry[],
  ): Promise<undefined> {
    const userId = ownerOf(flow);
    // Recorded first: the notice goes to the address that is being left.
    await this.recorder.record(tx, ...before, {
      type: 'EMAIL_CHANGED',
      outcome: 'SUCCESS',
      actorId: userId,
      userId,
      flowId: flow.id,
      sessionId: flow.sessionId,
      context: flow.context,
    });
    await this.users.changeEmail(tx, userId, this.subjectOf(flow).email);
    // A session that was ended meanwhile changes nothing any more.
    const { sessionId } = flow;
    if (sessionId === null || !(await this.sessions.standing({ sessionId, userId }, tx)))
      throw new Refusal('INVALID_TOKEN', {}, 'the session is over');
  }
}
