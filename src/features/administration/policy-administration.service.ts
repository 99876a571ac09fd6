import { Refusal, after, days, type ClientContext } from '../../kernel';
import type { Database, UserCaller } from '../../platform';
import type { EnrollmentAccess } from '../account';
import type { AuditRecorder } from '../events';
import type { Policies, Policy, PolicyValues } from '../policy';
import type { User, Users } from '../users';
import { changedPolicy, type PolicyChanges } from './policy-changes';
import * as store from './policy-impact.store';
import type { Standing } from './policy-standing';
import type { PolicyTrials } from './policy-trials.service';

const EXTENSION_DAYS_MAX = 90;

export interface PolicyAdministrationDeps {
  readonly database: Database;
  readonly policies: Policies;
  readonly users: Users;
  readonly access: EnrollmentAccess;
  readonly recorder: AuditRecorder;
  readonly trials: PolicyTrials;
}

/** What administrators do with the policy: change it, and give a user more time. */
export class PolicyAdministration {
  constructor(private readonly deps: PolicyAdministrationDeps) {}

  current(): Promise<Policy> {
    return this.deps.policies.current();
  }

  /** The policy as the changes would make it. Refuses with INVALID_INPUT. */
  async changed(changes: PolicyChanges): Promise<PolicyValues> {
    return changedPolicy(await this.current(), changes);
  }

  /** Refuses with CONFLICT, INVALID_INPUT, BLOCKED_BY_POLICY (it would lock the caller out) or STEP_UP_REQUIRED. */
  async update(
    caller: UserCaller,
    version: number,
    changes: PolicyChanges,
    context: ClientContext,
  ): Promise<Policy> {
    const { policies, access } = this.deps;
    const current = await policies.current();
    if (current.version !== version) throw new Refusal('CONFLICT');
    const values = changedPolicy(current, changes);
    await this.refuseOwnLockOut(caller, values, context);
    await access.requireStepUp(caller);
    return policies.change({
      values,
      basedOn: version,
      updatedBy: caller.userId,
      context,
      authorize: (tx) => access.spendStepUp(tx, caller),
    });
  }

  /** Gives a user more time to enroll. Refuses with STEP_UP_REQUIRED, BLOCKED_BY_POLICY (oneself), NOT_FOUND, INVALID_INPUT. */
  async extendDeadline(
    caller: UserCaller,
    { userId, until, note }: { readonly userId: string; readonly until: Date; readonly note: string },
    context: ClientContext,
  ): Promise<User> {
    const { database, policies, users, access, recorder } = this.deps;
    if (userId === caller.userId)
      throw new Refusal('BLOCKED_BY_POLICY', { message: 'Please ask another administrator for more time.' });
    await access.requireStepUp(caller);
    return database.transaction(async (tx) => {
      const held = await store.lockDeadline(tx, userId);
      if (!held) throw new Refusal('NOT_FOUND', { path: ['input', 'userId'] });
      const message = faultOfDeadline(until, held.now, held.enrollmentDueAt);
      if (message) throw new Refusal('INVALID_INPUT', { path: ['input', 'until'], message });
      await policies.moveDeadline(tx, userId, until);
      await recorder.record(tx, {
        type: 'ENROLLMENT_EXTENDED',
        outcome: 'SUCCESS',
        actorId: caller.userId,
        userId,
        sessionId: caller.sessionId,
        context,
        note,
        reason: `until ${until.toISOString()}`,
      });
      return (await users.find(userId, tx)) as User;
    });
  }

  /** Nobody would be left to take the change back: tried as from here, and as from elsewhere and a browser never seen. */
  private async refuseOwnLockOut(
    { userId, clientId }: UserCaller,
    changed: PolicyValues,
    { ipAddress }: ClientContext,
  ): Promise<void> {
    for (const from of [{ clientId, ipAddress }, null])
      for (const standing of await this.deps.trials.standingsUnder(changed, userId, from))
        refuseLockOut(standing);
  }
}

function refuseLockOut(standing: Standing): void {
  if (standing === 'BLOCKED')
    throw new Refusal('BLOCKED_BY_POLICY', { message: 'This change would lock you out: it blocks you.' });
  if (standing === 'UNUSABLE_FACTORS')
    throw new Refusal('BLOCKED_BY_POLICY', {
      message: 'This change would lock you out: none of your factors would do. Add one that does first.',
    });
}

function faultOfDeadline(until: Date, now: Date, present: Date | null): string | undefined {
  if (until <= now) return 'This must be in the future.';
  if (present && until <= present)
    return `This must be later than the present deadline, ${present.toISOString()}.`;
  if (until > after(now, days(EXTENSION_DAYS_MAX)))
    return `This must be at most ${String(EXTENSION_DAYS_MAX)} days from now.`;
  return undefined;
}
