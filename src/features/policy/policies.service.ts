import { Refusal, after, days } from '../../kernel';
import { sha256, type Database, type Log, type Sql, type UnitOfWork } from '../../platform';
import type { AuditRecorder } from '../events';
import { decide, type Decision } from './decide';
import type { PolicyFacts, Place } from './facts';
import { DEFAULT_POLICY, kindsAllowedBy, type Policy, type PolicyValues } from './policy';
import { policyValues } from './policy-values';
import * as store from './policies.store';
import { enforcedBy, isEnforcedFor, type Enforced } from './enforced';

/** What the caller of a decision knows; the rest is looked up. */
export type Subject = Omit<
  PolicyFacts,
  'at' | 'enrollmentDueAt' | 'isEnrollmentClosed' | 'lastActiveAt' | 'isPlaceKnown' | 'lastPlace'
> & { readonly userId: string };

/** A decision, and what it was made of. */
export interface Decided {
  readonly decision: Decision;
  readonly facts: PolicyFacts;
  /** Null: the policy could not be read. */
  readonly policy: PolicyValues | null;
  readonly version: number | null;
}

export interface PolicyChange {
  readonly values: PolicyValues;
  /** The version that the change was made on; CONFLICT if it is no longer the latest. Null: whatever is in force. */
  readonly basedOn: number | null;
  readonly fileHash?: Buffer | null;
  readonly note?: string | null;
  readonly updatedBy: string | null;
  /** Of a file: nothing is done, and nothing given back, if it was the last file that was applied. */
  readonly isOnlyIfNew?: boolean;
  /** In the transaction of the change, last by the order of locks: throws where the caller may not make it. */
  readonly authorize?: (tx: UnitOfWork) => Promise<void>;
  /** Recorded in the audit log with the change. */
  readonly context?: Parameters<AuditRecorder['record']>[1]['context'];
}

/**
 * The policy, and the one decision that every way in asks for. It is read anew each time, in one statement with the
 * facts, so that all processes follow a change at once.
 */
export class Policies {
  private readonly parsed = new Map<number, PolicyValues>();
  /** Its values are at hand, and are not asked for again. */
  private knownVersion: number | null = null;

  constructor(
    private readonly database: Database,
    private readonly recorder: AuditRecorder,
    private readonly log: Log,
    /** The policy has changed, in this transaction: what now must end earlier, ends earlier. */
    private readonly changed: (tx: UnitOfWork, enforced: Enforced, userId: string | null) => Promise<void>,
  ) {}

  /** The policy in force; undefined if it cannot be read. */
  async find(sql: Sql = this.database): Promise<Policy | undefined> {
    const row = await store.latestPolicy(sql);
    return row && this.policyOf(row);
  }

  /** The kinds that the policy lets be used. */
  async allowedKinds(): Promise<readonly string[]> {
    return kindsAllowedBy((await this.find()) ?? DEFAULT_POLICY);
  }

  /** The policy in force. Throws if it cannot be read. */
  async current(sql: Sql = this.database): Promise<Policy> {
    const policy = await this.find(sql);
    if (!policy) throw new Error('the policy cannot be read');
    return policy;
  }

  /** A version that was in force once; undefined if there is none, or it cannot be read any more. */
  async version(version: number): Promise<Policy | undefined> {
    const row = await store.policyVersion(this.database, version);
    return row && this.policyOf(row);
  }

  /** Decides with one query. If policy or facts cannot be read, a second factor is required. */
  async decide({ userId, ...known }: Subject): Promise<Decided> {
    const row = await this.factsRow(userId, known.place);
    const policy = row?.version == null ? null : this.valuesOf(row.version, row.values);
    if (policy) this.knownVersion = row?.version ?? null;
    const facts: PolicyFacts = {
      ...known,
      at: row?.at ?? new Date(0),
      enrollmentDueAt: row?.enrollmentDueAt ?? null,
      // Unread, the account counts as one that its password alone does not open.
      isEnrollmentClosed: row?.isEnrollmentClosed ?? true,
      lastActiveAt: row?.lastActiveAt ?? new Date(0),
      isPlaceKnown: row?.isPlaceKnown ?? null,
      lastPlace: row ? lastPlaceOf(row) : null,
    };
    if (!policy) this.log.error({ userId }, 'the policy cannot be read: a second factor is required');
    return {
      decision: decide(policy, facts),
      facts,
      policy,
      version: policy ? (row?.version ?? null) : null,
    };
  }

  /** The decision about somebody who is only just signing up; nothing about any account is looked at. */
  async decideForNewcomer(known: Pick<PolicyFacts, 'clientId' | 'ipAddress' | 'place'>): Promise<Decided> {
    const row = await store.latestPolicy(this.database);
    const policy = row ? this.valuesOf(row.version, row.values) : null;
    const at = row?.now ?? new Date(0);
    const newcomer = { accountType: 'PERSON', roles: ['USER'] } as const;
    const facts: PolicyFacts = {
      ...known,
      ...newcomer,
      purpose: 'SIGN_UP',
      at,
      factorKinds: [],
      enrollmentDueAt:
        policy && isEnforcedFor(policy, newcomer) ? after(at, days(policy.enrollmentGraceDays)) : null,
      isEnrollmentClosed: false,
      lastActiveAt: at,
      isDeviceKnown: null,
      deviceRememberedUntil: null,
      isPlaceKnown: null,
      lastPlace: null,
      requestedAssurance: null,
      action: null,
    };
    return {
      decision: decide(policy, facts),
      facts,
      policy,
      version: policy ? (row?.version ?? null) : null,
    };
  }

  /**
   * Writes the deadline of a user who has none and whom the policy makes enroll; sessions without a factor end by it. To be
   * called where users are made or get a role. False if the policy cannot be read: then the user is due now.
   */
  async startGrace(tx: UnitOfWork, userId: string): Promise<boolean> {
    await store.lockToApply(tx);
    const policy = await this.find(tx);
    if (!policy) return false;
    const enforced = enforcedBy(policy);
    if ((await store.setDeadlines(tx, enforced, userId)) > 0) await this.changed(tx, enforced, userId);
    return true;
  }

  /** Holds the policy until the transaction ends. Refuses with CONFLICT if it is no longer the one that decided. */
  async requireVersion(tx: UnitOfWork, version: number | null): Promise<void> {
    await store.lockToApply(tx);
    if (version === null || (await store.latestVersion(tx)) !== version)
      throw new Refusal('CONFLICT', {}, 'the policy changed meanwhile');
  }

  /** The policy in force, which cannot change before the transaction ends; undefined if it cannot be read. */
  async hold(tx: UnitOfWork): Promise<Policy | undefined> {
    await store.lockToApply(tx);
    return this.find(tx);
  }

  /** Puts a changed policy into force, with the deadlines of all to whom it newly applies. Refuses with CONFLICT. */
  async change(change: PolicyChange & { readonly isOnlyIfNew?: false }): Promise<Policy>;
  async change(change: PolicyChange): Promise<Policy | undefined>;
  async change(change: PolicyChange): Promise<Policy | undefined> {
    const { values, basedOn, fileHash = null, note = null, updatedBy, context = null } = change;
    return this.database.transaction(async (tx) => {
      // A change may write the deadline of every user.
      await tx.rows(`SET LOCAL statement_timeout = '60s'`);
      await store.lockToChange(tx);
      if (change.isOnlyIfNew && (await isLastFile(tx, fileHash))) return undefined;
      const latest = await store.latestPolicy(tx);
      if (basedOn !== null && latest?.version !== basedOn) throw new Refusal('CONFLICT');
      const version = (latest?.version ?? 0) + 1;
      const row = await store.insertPolicy(tx, { version, values, fileHash, note, updatedBy });
      if (!row) throw new Refusal('CONFLICT');
      const enforced = enforcedBy(values);
      await store.setDeadlines(tx, enforced, null);
      await this.changed(tx, enforced, null);
      await change.authorize?.(tx);
      await this.recorder.record(tx, {
        type: 'POLICY_CHANGED',
        outcome: 'SUCCESS',
        actorId: updatedBy,
        context,
        note,
        reason: `version ${String(version)}${fileHash ? ' from a file' : ''}`,
      });
      return { ...values, version, updatedAt: row.updatedAt, updatedBy };
    });
  }

  /** Applies a file whose content is not the one applied last; undefined if it is. */
  async applyFile(text: string, values: PolicyValues): Promise<Policy | undefined> {
    const fileHash = sha256(text);
    return this.change({ values, basedOn: null, fileHash, updatedBy: null, isOnlyIfNew: true });
  }

  /** The user's deadline becomes `until`. Refuses with NOT_FOUND. */
  async moveDeadline(tx: UnitOfWork, userId: string, until: Date): Promise<void> {
    if (!(await store.moveDeadline(tx, userId, until))) throw new Refusal('NOT_FOUND');
  }

  /** The user's factors were taken away by the help desk: the password alone does not open the account again. */
  async closeEnrollment(tx: UnitOfWork, userId: string): Promise<void> {
    await store.setEnrollmentClosed(tx, userId, true);
  }

  /** A recovery was completed, or a factor enrolled: the account is as any other. */
  async openEnrollment(tx: UnitOfWork, userId: string): Promise<void> {
    await store.setEnrollmentClosed(tx, userId, false);
  }

  /** A user has signed in from a place. */
  async note(tx: UnitOfWork, userId: string, place: Place | null): Promise<void> {
    if (place) await store.notePlace(tx, userId, place);
  }

  sweep(): Promise<number> {
    return store.dropOldPlaces(this.database);
  }

  /** Where the database itself cannot be asked, this is thrown on: then nobody gets in. */
  private async factsRow(userId: string, place: Place | null): Promise<store.FactsRow | undefined> {
    try {
      return await store.factsOf(this.database, userId, place, this.knownVersion);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'SERVICE_UNAVAILABLE') throw error;
      this.log.error({ err: error }, 'the facts of a decision cannot be read');
      return undefined;
    }
  }

  private policyOf(row: store.PolicyRow): Policy | undefined {
    const values = this.valuesOf(row.version, row.values);
    const { version, updatedAt, updatedBy } = row;
    return values ? { ...values, version, updatedAt, updatedBy } : undefined;
  }

  /** Checked once per version and process. */
  private valuesOf(version: number, values: unknown): PolicyValues | null {
    const held = this.parsed.get(version);
    if (held !== undefined) return held;
    const parsed = policyValues.safeParse(values);
    if (parsed.success) this.parsed.set(version, parsed.data);
    return parsed.success ? parsed.data : null;
  }
}

async function isLastFile(tx: UnitOfWork, fileHash: Buffer | null): Promise<boolean> {
  const last = await store.lastFileHash(tx);
  return last !== undefined && fileHash?.equals(Buffer.from(last)) === true;
}

const lastPlaceOf = (row: store.FactsRow): PolicyFacts['lastPlace'] =>
  row.lastCountry === null || row.lastSeenAt === null
    ? null
    : {
        country: row.lastCountry,
        city: row.lastCity === '' ? null : row.lastCity,
        latitude: row.lastLatitude,
        longitude: row.lastLongitude,
        at: row.lastSeenAt,
      };
