import { render, type Outbox } from '../../delivery';
import { Refusal, hasRole, type ClientContext, type Role } from '../../kernel';
import type { Database, UnitOfWork, UserCaller } from '../../platform';
import type { EnrollmentAccess } from '../account';
import type { PendingFlows } from '../auth-flow';
import type { Enrollments } from '../enrollment';
import type { AuditEntry, AuditRecorder } from '../events';
import type { KnownDevices } from '../known-devices';
import { LIMITS, type Limits } from '../limits';
import type { Policies } from '../policy';
import type { Sessions } from '../sessions';
import type { User, Users } from '../users';
import type { Authority } from './authority.service';
import * as store from './users.store';

export interface UserAdministrationDeps {
  readonly database: Database;
  readonly users: Users;
  readonly authority: Authority;
  readonly access: EnrollmentAccess;
  readonly pendingFlows: PendingFlows;
  readonly enrollments: Enrollments;
  readonly knownDevices: KnownDevices;
  readonly sessions: Sessions;
  readonly limits: Limits;
  readonly policies: Policies;
  readonly recorder: AuditRecorder;
  readonly outbox: Outbox;
  readonly gatewayName: string;
}

/** Who does it, and from where. */
export interface Act {
  readonly caller: UserCaller;
  readonly context: ClientContext;
}

interface Invitation {
  readonly email: string;
  readonly displayName?: string;
  readonly roles: readonly Role[];
}

type Entry = Pick<AuditEntry, 'type'> & Partial<AuditEntry>;

/**
 * What help desk and administrators do with whole accounts. Each act refuses with STEP_UP_REQUIRED, NOT_FOUND, or
 * BLOCKED_BY_POLICY for oneself, for a higher role, and for the last administrator.
 */
export class UserAdministration {
  constructor(private readonly deps: UserAdministrationDeps) {}

  /** Nobody gets in any more, and all that was begun ends. Besides with INVALID_INPUT for a time that is past. */
  lock(
    act: Act,
    { userId, until, note }: { readonly userId: string; readonly until?: Date; readonly note: string },
  ): Promise<User> {
    return this.on(act, userId, async (tx, user) => {
      await this.refuseLastAdministrator(tx, user);
      await this.endAll(tx, userId, 'locked');
      await this.hold(tx, act, userId);
      if (!(await store.setLock(tx, userId, until ?? null)))
        throw new Refusal('INVALID_INPUT', {
          path: ['input', 'until'],
          message: 'This must be in the future.',
        });
      const reason = until ? `until ${until.toISOString()}` : 'until unlocked';
      await this.record(tx, act, userId, { type: 'USER_LOCKED', reason, note });
    });
  }

  /** Wrong answers that disabled guessable factors are forgotten, too. */
  unlock(act: Act, { userId, note }: { readonly userId: string; readonly note: string }): Promise<User> {
    return this.on(act, userId, async (tx) => {
      await this.deps.limits.forgive([[LIMITS.guesses, userId]], tx);
      await this.hold(tx, act, userId);
      await store.liftLock(tx, userId);
      await this.record(tx, act, userId, { type: 'USER_UNLOCKED', note });
    });
  }

  /** Ends all sessions, and no browser is remembered any more. */
  signOut(act: Act, { userId, note }: { readonly userId: string; readonly note: string }): Promise<User> {
    return this.on(act, userId, async (tx) => {
      await this.endAll(tx, userId, 'signed out by the help desk');
      await this.hold(tx, act, userId);
      await this.record(tx, act, userId, { type: 'SIGN_OUT', note });
    });
  }

  /**
   * Sessions go on and are served by the new roles at once. Whom the policy now makes enroll gets the time to do so. Uses
   * the step-up up.
   */
  setRoles(
    act: Act,
    { userId, roles }: { readonly userId: string; readonly roles: readonly Role[] },
  ): Promise<User> {
    const { access, policies } = this.deps;
    return this.on(act, userId, async (tx, user) => {
      this.refuseAbove(act, roles);
      if (!hasRole(roles, 'ADMIN')) await this.refuseLastAdministrator(tx, user);
      const held = await this.hold(tx, act, userId);
      if (held.join() === roles.join()) return;
      await store.setRoles(tx, userId, roles);
      await policies.startGrace(tx, userId);
      await access.spendStepUp(tx, act.caller);
      const reason = `from ${held.join(' ')} to ${roles.join(' ')}`;
      await this.record(tx, act, userId, { type: 'ROLES_CHANGED', reason });
    });
  }

  /** Gives the user as it was. The audit log stays; the address may be used again. Uses the step-up up. */
  async delete(
    act: Act,
    { userId, note }: { readonly userId: string; readonly note: string },
  ): Promise<User> {
    const { database, authority, access, limits } = this.deps;
    const user = await authority.over(act.caller, userId);
    await database.transaction(async (tx) => {
      await this.refuseLastAdministrator(tx, user);
      await limits.forgive([[LIMITS.guesses, userId]], tx);
      await this.endAll(tx, userId, 'deleted');
      await this.hold(tx, act, userId);
      await access.spendStepUp(tx, act.caller);
      // Recorded first: the notice goes to the addresses that go with the user.
      await this.record(tx, act, userId, { type: 'USER_DELETED', note });
      await store.deleteUserRow(tx, userId);
    });
    return user;
  }

  /** A PENDING user without a password, and a message that says how to set one. Besides with INVALID_INPUT and CONFLICT. */
  async invite(act: Act, { email, displayName, roles }: Invitation): Promise<User> {
    const { database, access, users, policies, outbox, gatewayName } = this.deps;
    await access.requireStepUp(act.caller);
    this.refuseAbove(act, roles);
    return database.transaction(async (tx) => {
      const user = await users.insert(tx, {
        email,
        roles,
        isInvited: true,
        ...(displayName === undefined ? {} : { displayName }),
      });
      await policies.startGrace(tx, user.id);
      await this.record(tx, act, user.id, { type: 'USER_INVITED' });
      const rendered = render('invitation', user.locale, { app: gatewayName });
      await outbox.add(tx, [{ channel: 'email', to: user.email, ...rendered }]);
      return user;
    });
  }

  /** Flows, enrollments, remembered browsers and sessions, in the order in which everybody takes their rows. */
  async endAll(tx: UnitOfWork, userId: string, reason: string): Promise<void> {
    const { pendingFlows, enrollments, knownDevices, sessions } = this.deps;
    await pendingFlows.end(tx, userId);
    await enrollments.endAll(tx, userId);
    await knownDevices.forgetAll(tx, userId);
    await sessions.revokeAll(tx, userId, reason);
  }

  /** The user's row is held from here on; what was checked before is checked again. Gives the roles. */
  async hold(tx: UnitOfWork, { caller }: Act, userId: string): Promise<readonly Role[]> {
    const held = await store.lockUserRow(tx, userId);
    if (!held) throw new Refusal('NOT_FOUND', { path: ['input', 'userId'] });
    if (!held.roles.every((role) => hasRole(caller.roles, role)))
      throw new Refusal('BLOCKED_BY_POLICY', { message: 'This account has a higher role than yours.' });
    return held.roles;
  }

  record(tx: UnitOfWork, { caller, context }: Act, userId: string, entry: Entry): Promise<void> {
    const about = { actorId: caller.userId, userId, sessionId: caller.sessionId, context };
    return this.deps.recorder.record(tx, { outcome: 'SUCCESS', ...about, ...entry });
  }

  private async on(
    act: Act,
    userId: string,
    work: (tx: UnitOfWork, user: User) => Promise<void>,
  ): Promise<User> {
    const { database, authority, users } = this.deps;
    const user = await authority.over(act.caller, userId);
    return database.transaction(async (tx) => {
      await work(tx, user);
      return (await users.find(userId, tx)) as User;
    });
  }

  private refuseAbove({ caller }: Act, roles: readonly Role[]): void {
    if (roles.every((role) => hasRole(caller.roles, role))) return;
    throw new Refusal('BLOCKED_BY_POLICY', {
      path: ['input', 'roles'],
      message: 'Nobody gives a higher role than their own.',
    });
  }

  private async refuseLastAdministrator(tx: UnitOfWork, user: User): Promise<void> {
    if (!hasRole(user.roles, 'ADMIN')) return;
    await store.lockAdministrators(tx);
    if (await store.hasOtherAdministrator(tx, user.id)) return;
    throw new Refusal('BLOCKED_BY_POLICY', { message: 'This is the last administrator.' });
  }
}
