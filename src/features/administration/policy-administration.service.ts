import { Refusal, RequestFault, after, days, newId, type ClientContext } from '../../kernel';
import type { Database, UserCaller } from '../../platform';
import type { Application } from '../auth-flow';
import { auditLines, type AuditLine, type AuditRecorder } from '../events';
import type { Factors } from '../factors';
import {
  decide,
  factsFrom,
  type Decision,
  type Policies,
  type Policy,
  type PolicyFacts,
  type PolicyValues,
  type RecordedFacts,
  type Subject,
} from '../policy';
import type { User, Users } from '../users';
import type { EnrollmentAccess } from '../account';
import { paged, type Page, type Paged } from './pages';
import { changedPolicy, type PolicyChanges } from './policy-changes';
import { impactOf, type Impact } from './policy-impact';
import * as store from './policy-impact.store';
import { isFree, standingOf, underPolicy, type Standing } from './policy-standing';

/** So many past sign-ins are looked at, the newest. */
export const REPLAYED_MAX = 5000;
const EXTENSION_DAYS_MAX = 90;
/** Ids tell the time of the process, `occurredAt` that of the database. */
const CLOCKS_APART = 300_000;
const FOREVER = new Date(8_640_000_000_000_000);

export interface PolicyAdministrationDeps {
  readonly database: Database;
  readonly policies: Policies;
  readonly users: Users;
  readonly factors: Factors;
  readonly access: EnrollmentAccess;
  readonly recorder: AuditRecorder;
  /** The first is the default one. */
  readonly applications: readonly Application[];
  readonly placeOf: (ipAddress: string | null) => PolicyFacts['place'];
}

/** A decision, and what it comes to for the user's factors. */
export interface Judgement {
  readonly decision: Decision;
  readonly standing: Standing;
}

export interface Trial {
  readonly userId: string;
  readonly clientId: string | null;
  readonly ipAddress: string | null;
  readonly isRememberedDevice: boolean;
}

/** What past sign-ins would have met. */
export interface Replay {
  readonly signInCount: number;
  readonly changedCount: number;
  /** Newest first, as many as asked for. */
  readonly changed: readonly { event: AuditLine; before: Judgement; after: Judgement }[];
}

/** What administrators do with the policy: see what a change would do before it does it, change it, give more time. */
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

  /** What the policy in force says to such a sign-in. */
  async evaluate({ userId, clientId, ipAddress, isRememberedDevice }: Trial): Promise<Judgement> {
    const { policies, placeOf, applications } = this.deps;
    if (clientId !== null && !applications.some((application) => application.clientId === clientId))
      throw new RequestFault('BAD_USER_INPUT', 'No such application.');
    const subject = await this.plainSubject(userId);
    if (!subject) throw new RequestFault('BAD_USER_INPUT', 'No such user.');
    const { decision } = await policies.decide({
      ...subject,
      clientId: clientId ?? subject.clientId,
      ipAddress,
      place: placeOf(ipAddress),
      isDeviceKnown: isRememberedDevice,
      deviceRememberedUntil: isRememberedDevice ? FOREVER : null,
    });
    return this.judged(decision, subject.factorKinds);
  }

  /** Whom it would hit if this were the policy. */
  async preview(changed: PolicyValues): Promise<Impact> {
    const { database, factors } = this.deps;
    const [before, groups] = await Promise.all([this.current(), store.userGroups(database)]);
    return impactOf(groups, { before, after: changed }, this.defaultClientId, factors);
  }

  /** Those whom it would lock out, newest first. */
  async lockedOut({ lockedOutGroups }: Impact, page: Page): Promise<Paged<User>> {
    if (lockedOutGroups.length === 0) return { rows: [], hasNextPage: false };
    const { database, users } = this.deps;
    const { rows, hasNextPage } = paged(await store.usersOfGroups(database, lockedOutGroups, page), page);
    const found = await Promise.all(rows.map(({ id }) => users.find(id)));
    return { rows: found.filter((user) => user !== undefined), hasNextPage };
  }

  /** What sign-ins since then, the newest `REPLAYED_MAX` of them, would have met if this had been the policy. */
  async replay(changed: PolicyValues, since: Date, first: number): Promise<Replay> {
    const { database } = this.deps;
    const signIns = store.decidedSignIns(database, since, idBefore(since), REPLAYED_MAX);
    const versions = new Map<number, Promise<Policy | undefined>>();
    let signInCount = 0;
    const found: { id: string; before: Judgement; after: Judgement }[] = [];
    for await (const { id, details } of signIns) {
      const recorded = factsFrom(details);
      const policy = recorded && (await this.policyThen(recorded, versions));
      if (policy === undefined) continue;
      signInCount += 1;
      const { facts } = recorded as RecordedFacts;
      const before = this.judged(decide(policy, facts), facts.factorKinds);
      const after = this.judged(decide(changed, underPolicy(changed, facts)), facts.factorKinds);
      if (isOtherwise(before, after)) found.push({ id, before, after });
    }
    const shown = new Map(found.slice(0, first).map((one) => [one.id, one]));
    const events = await auditLines(database, [...shown.keys()]);
    return {
      signInCount,
      changedCount: found.length,
      changed: events.flatMap((event) => {
        const one = shown.get(event.id);
        return one ? [{ event, before: one.before, after: one.after }] : [];
      }),
    };
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

  private get defaultClientId(): string {
    return this.deps.applications[0]?.clientId ?? 'default';
  }

  private judged(decision: Decision, factorKinds: readonly string[]): Judgement {
    return { decision, standing: standingOf(decision, factorKinds, this.deps.factors) };
  }

  /** Undefined: that version cannot be read any more. Null: nor could any at that time. */
  private async policyThen(
    { policyVersion }: RecordedFacts,
    known: Map<number, Promise<Policy | undefined>>,
  ): Promise<PolicyValues | null | undefined> {
    if (policyVersion === null) return null;
    const held = known.get(policyVersion) ?? this.deps.policies.version(policyVersion);
    known.set(policyVersion, held);
    return held;
  }

  /** A user's sign-in with nothing unusual about it, from nowhere. */
  private async plainSubject(userId: string): Promise<Subject | undefined> {
    const { users, factors } = this.deps;
    const user = await users.find(userId);
    return (
      user && {
        userId,
        purpose: 'SIGN_IN',
        accountType: user.accountType,
        roles: user.roles,
        factorKinds: (await factors.active(userId)).map(({ kind }) => kind),
        clientId: this.defaultClientId,
        ipAddress: null,
        isDeviceKnown: null,
        deviceRememberedUntil: null,
        place: null,
        requestedAssurance: null,
        action: null,
      }
    );
  }

  /** Nobody would be left to take the change back: tried as from here, and as from elsewhere and a browser never seen. */
  private async refuseOwnLockOut(
    { userId, clientId }: UserCaller,
    changed: PolicyValues,
    { ipAddress }: ClientContext,
  ): Promise<void> {
    const subject = await this.plainSubject(userId);
    if (!subject) throw new RequestFault('UNAUTHENTICATED');
    const here = { ...subject, clientId, ipAddress, place: this.deps.placeOf(ipAddress) };
    for (const tried of [here, subject]) {
      const { facts } = await this.deps.policies.decide(tried);
      for (const isDeviceKnown of [true, false])
        refuseLockOut(this.standingUnder(changed, facts, isDeviceKnown));
    }
  }

  private standingUnder(changed: PolicyValues, facts: PolicyFacts, isDeviceKnown: boolean): Standing {
    const decision = decide(
      changed,
      underPolicy(changed, { ...facts, isDeviceKnown, lastActiveAt: facts.at }),
    );
    return this.judged(decision, facts.factorKinds).standing;
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

/** Below the ids of all events since then. */
const idBefore = (since: Date): string =>
  newId(
    'evt',
    { now: () => new Date(Math.max(0, since.getTime() - CLOCKS_APART)) },
    { bytes: (count) => Buffer.alloc(count), below: () => 0 },
  );

/** Whoever has time left to enroll passes like whoever need not. */
const isOtherwise = (before: Judgement, after: Judgement): boolean =>
  before.decision.requiredAssurance !== after.decision.requiredAssurance ||
  (before.standing !== after.standing && !(isFree(before.standing) && isFree(after.standing)));

function faultOfDeadline(until: Date, now: Date, present: Date | null): string | undefined {
  if (until <= now) return 'This must be in the future.';
  if (present && until <= present)
    return `This must be later than the present deadline, ${present.toISOString()}.`;
  if (until > after(now, days(EXTENSION_DAYS_MAX)))
    return `This must be at most ${String(EXTENSION_DAYS_MAX)} days from now.`;
  return undefined;
}
