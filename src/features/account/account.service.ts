import type { ClientContext } from '../../kernel';
import type { Database, UserCaller } from '../../platform';
import type { AuditRecorder } from '../events';
import type { KnownDevices } from '../known-devices';
import type { Policies } from '../policy';
import type { Sessions } from '../sessions';
import type { NewUser, User, Users } from '../users';

/** Use cases that end sessions or make users. */
export class Accounts {
  constructor(
    private readonly database: Database,
    private readonly users: Users,
    private readonly sessions: Sessions,
    private readonly recorder: AuditRecorder,
    private readonly policies: Policies,
    private readonly knownDevices: KnownDevices,
  ) {}

  find(userId: string): Promise<User | undefined> {
    return this.users.find(userId);
  }

  /** Ends the caller's session, or all of the user's; then no browser is remembered any more either. */
  async signOut(caller: UserCaller, allSessions: boolean, context: ClientContext): Promise<void> {
    const { userId, sessionId } = caller;
    await this.database.transaction(async (tx) => {
      if (allSessions) {
        await this.knownDevices.forgetAll(tx, userId);
        await this.sessions.revokeAll(tx, userId, 'signed out everywhere');
      } else await this.sessions.revoke(tx, sessionId, 'signed out', userId);
      await this.recorder.record(tx, {
        type: 'SIGN_OUT',
        outcome: 'SUCCESS',
        actorId: userId,
        userId,
        sessionId,
        context,
      });
    });
  }

  /** Refuses with INVALID_INPUT, WEAK_PASSWORD or CONFLICT. */
  provision(wanted: NewUser, actorId: string | null, context: ClientContext | null): Promise<User> {
    return this.users.create(wanted, async (tx, user) => {
      await this.policies.startGrace(tx, user.id);
      await this.recorder.record(tx, {
        type: 'USER_INVITED',
        outcome: 'SUCCESS',
        actorId,
        userId: user.id,
        context,
      });
    });
  }
}
