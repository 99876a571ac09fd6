import { RequestFault, newId } from '../../kernel';
import type { Database } from '../../platform';
import type { Application } from '../auth-flow';
import { auditLines, type AuditLine } from '../events';
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
import { paged, type Page, type Paged } from './pages';
import { impactOf, type Impact } from './policy-impact';
import * as store from './policy-impact.store';
import { isFree, standingOf, underPolicy, type Standing } from './policy-standing';

/** So many past sign-ins are looked at, the newest. */
export const REPLAYED_MAX = 5000;
/** Ids tell the time of the process, `occurredAt` that of the database. */
const CLOCKS_APART = 300_000;
const FOREVER = new Date(8_640_000_000_000_000);

export interface PolicyTrialDeps {
  readonly database: Database;
  readonly policies: Policies;
  readonly users: Users;
  readonly factors: Factors;
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

/** Tries policies without signing anybody in: on one user, on all, on the past. Changes nothing. */
export class PolicyTrials {
  constructor(private readonly deps: PolicyTrialDeps) {}

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
    const [before, groups] = await Promise.all([this.deps.policies.current(), store.userGroups(database)]);
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

  /** Where a user would stand under a policy, in a browser that is known and in one that is not. Null: from nowhere. */
  async standingsUnder(
    changed: PolicyValues,
    userId: string,
    from: { readonly clientId: string; readonly ipAddress: string | null } | null,
  ): Promise<Standing[]> {
    const subject = await this.plainSubject(userId);
    if (!subject) throw new RequestFault('UNAUTHENTICATED');
    const place = this.deps.placeOf(from?.ipAddress ?? null);
    const { facts } = await this.deps.policies.decide({ ...subject, ...from, place });
    return [true, false].map((isDeviceKnown) => {
      const tried = { ...facts, isDeviceKnown, lastActiveAt: facts.at };
      return this.judged(decide(changed, underPolicy(changed, tried)), facts.factorKinds).standing;
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
