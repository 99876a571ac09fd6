import { Refusal, RequestFault, type ClientContext } from '../../kernel';
import type { Database, UserCaller } from '../../platform';
import type { PendingFlows } from '../auth-flow';
import type { AuditRecorder } from '../events';
import type { KnownDevices } from '../known-devices';
import type { Sessions } from '../sessions';
import type { PasswordSignIn, User, Users } from '../users';
import type { EnrollmentAccess } from './enrollment-access.service';

export interface NewProfile {
  /** Null clears it. */
  readonly displayName?: string | null;
  readonly locale?: string;
}

export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
  readonly signOutOtherSessions: boolean;
}

/** Where a request comes from: for the audit log, and for the counters of wrong passwords. */
export interface Origin {
  readonly client: ClientContext;
  readonly addressKey: string;
}

/** What users change about their own accounts. */
export class Profile {
  constructor(
    private readonly database: Database,
    private readonly users: Users,
    private readonly passwords: PasswordSignIn,
    private readonly sessions: Sessions,
    private readonly access: EnrollmentAccess,
    private readonly recorder: AuditRecorder,
    private readonly pending: PendingFlows,
    private readonly knownDevices: KnownDevices,
  ) {}

  async update(caller: UserCaller, wanted: NewProfile): Promise<User> {
    const user = await this.database.transaction((tx) => this.users.updateProfile(tx, caller.userId, wanted));
    if (!user) throw new RequestFault('UNAUTHENTICATED');
    return user;
  }

  /**
   * Needs a fresh step-up and the current password; every try of that counts like a sign-in. Factors stay as they are.
   * Refuses with STEP_UP_REQUIRED, INVALID_CREDENTIALS, RATE_LIMITED, INVALID_INPUT, WEAK_PASSWORD, BREACHED_PASSWORD or
   * CONFLICT.
   */
  async changePassword(caller: UserCaller, wanted: PasswordChange, origin: Origin): Promise<User> {
    const { userId, sessionId } = caller;
    // First: whoever has only found a token must not guess passwords with it either.
    await this.access.requireStepUp(caller);
    const path = ['input', 'currentPassword'];
    const current = await this.passwords.checkAgain(userId, wanted.currentPassword, origin.addressKey, path);
    if (!current.isRight) {
      await this.recorder.record(this.database, {
        type: 'PASSWORD_CHANGED',
        outcome: 'FAILURE',
        actorId: userId,
        userId,
        sessionId,
        context: origin.client,
        reason: 'wrong current password',
      });
      throw new Refusal('INVALID_CREDENTIALS', { path, message: 'This is not your current password.' });
    }
    const stored = await this.users.prepare(wanted.newPassword, current.user, ['input', 'newPassword']);
    return this.database.transaction(async (tx) => {
      await this.pending.end(tx, userId);
      await this.users.replacePassword(tx, userId, current.proven, stored);
      await this.knownDevices.forgetAll(tx, userId);
      // Hashing took its time: a session that was ended meanwhile changes nothing any more.
      if (!(await this.sessions.standing(caller, tx))) throw new RequestFault('UNAUTHENTICATED');
      if (wanted.signOutOtherSessions)
        await this.sessions.revokeAll(tx, userId, 'password changed', sessionId);
      await this.recorder.record(tx, {
        type: 'PASSWORD_CHANGED',
        outcome: 'SUCCESS',
        actorId: userId,
        userId,
        sessionId,
        context: origin.client,
      });
      const user = await this.users.find(userId, tx);
      if (!user) throw new RequestFault('UNAUTHENTICATED');
      return user;
    });
  }

  /**
   * Ends the named sessions of the caller, or all others; says whether the caller's own is among them. One that is not
   * the caller's refuses the whole with NOT_FOUND.
   */
  async revokeSessions(
    caller: UserCaller,
    sessionIds: readonly string[] | null,
    { client }: Origin,
  ): Promise<{ isSignedOut: boolean }> {
    const { userId } = caller;
    const ended = await this.database.transaction(async (tx) => {
      if (sessionIds === null) await this.knownDevices.forgetAll(tx, userId);
      const revoked = await this.sessions.revokeChosen(tx, caller, sessionIds, 'ended by the user');
      const entries = revoked.map((sessionId) => ({
        type: 'SIGN_OUT' as const,
        outcome: 'SUCCESS' as const,
        actorId: userId,
        userId,
        sessionId,
        context: client,
      }));
      await this.recorder.record(tx, ...entries);
      return revoked;
    });
    return { isSignedOut: ended.includes(caller.sessionId) };
  }

  /**
   * Makes the named browsers and apps of the caller unknown again, or all. One that is not the caller's refuses the whole
   * with NOT_FOUND.
   */
  async forgetDevices(
    { userId, sessionId }: UserCaller,
    deviceIds: readonly string[] | null,
    { client }: Origin,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const count = await this.knownDevices.forget(tx, userId, deviceIds);
      if (count === 0) return;
      await this.recorder.record(tx, {
        type: 'DEVICE_FORGOTTEN',
        outcome: 'SUCCESS',
        actorId: userId,
        userId,
        sessionId,
        context: client,
        reason: `${String(count)} forgotten`,
      });
    });
  }
}
