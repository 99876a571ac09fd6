import { newId, type Chance, type Clock } from '../../kernel';
import type { Database, Keyring, UnitOfWork } from '../../platform';
import type { AuditRecorder } from '../events';
import { isKeyThere, kindModule, type ArrivedFactor, type FactorKindAtWork, type Factors } from '../factors';
import type { Policies } from '../policy';
import { parseForeignHash, type PortableUser, type PortableUsers } from '../users';
import { readLine, type UserLine } from './user-line';

export interface ImportDeps {
  readonly database: Database;
  readonly users: PortableUsers;
  readonly factors: Factors;
  readonly kinds: ReadonlyMap<string, FactorKindAtWork<never>>;
  readonly policies: Policies;
  readonly recorder: AuditRecorder;
  readonly keyring: Keyring;
  readonly clock: Clock;
  readonly chance: Chance;
}

/** What came of one line. */
export type LineResult =
  | { readonly outcome: 'imported'; readonly warnings: readonly string[] }
  /** The account was there already, and stays as it is. */
  | { readonly outcome: 'skipped' }
  | { readonly outcome: 'faulty'; readonly faults: readonly string[] };

interface Prepared {
  readonly user: PortableUser;
  readonly factors: readonly {
    readonly kind: string;
    readonly isPreferred: boolean;
    readonly arrived: ArrivedFactor;
  }[];
  readonly warnings: readonly string[];
}

interface ReadPassword {
  readonly hash: string | null;
  readonly key: string | null;
  readonly fault?: string;
  readonly lost?: string;
}

const LOST_PASSWORD =
  'password: KEYRING has not the key that it was hashed with; the user sets a new one by mail';

/** Takes the transaction back: a dry run, or with a fault. */
class Undone extends Error {}

/** Accounts from another system: each with all its factors in one transaction, or not at all. Nobody is sent a notice. */
export class Imports {
  constructor(private readonly deps: ImportDeps) {}

  /** A dry run does everything and takes it back. */
  async importLine(line: string, isDryRun: boolean): Promise<LineResult> {
    const read = readLine(line);
    if ('fault' in read) return { outcome: 'faulty', faults: [read.fault] };
    const prepared = await this.prepare(read);
    if ('faults' in prepared) return { outcome: 'faulty', faults: prepared.faults };
    const { email, externalId } = prepared.user;
    try {
      const isNew = await this.deps.database.transaction((tx) => this.add(tx, prepared, isDryRun));
      if (isNew) return { outcome: 'imported', warnings: prepared.warnings };
    } catch (error) {
      if (!(error instanceof Undone)) throw error;
      return error.message === ''
        ? { outcome: 'imported', warnings: prepared.warnings }
        : { outcome: 'faulty', faults: [error.message] };
    }
    if (await this.deps.users.isThere(email, externalId)) return { outcome: 'skipped' };
    return { outcome: 'faulty', faults: ['address, externalId or id belong to another account'] };
  }

  private async prepare(line: UserLine): Promise<Prepared | { readonly faults: readonly string[] }> {
    const faults: string[] = [];
    const warnings: string[] = [];
    const password = this.passwordOf(line);
    if (password.fault !== undefined) faults.push(`password: ${password.fault}`);
    if (password.lost !== undefined) warnings.push(password.lost);
    const factors: { kind: string; isPreferred: boolean; arrived: ArrivedFactor }[] = [];
    for (const [index, { isPreferred, ...entry }] of line.factors.entries()) {
      const place = `factors.${String(index)}`;
      const portability = this.deps.kinds.get(entry.kind)?.portability;
      if (!portability) {
        faults.push(`${place}: no factors of this kind can be imported`);
        continue;
      }
      const arrival = await portability.read(entry);
      if ('fault' in arrival) faults.push(`${place}: ${arrival.fault}`);
      else if ('lost' in arrival) warnings.push(arrival.lost);
      else
        for (const arrived of arrival.factors)
          factors.push({ kind: entry.kind, isPreferred: isPreferred === true, arrived });
    }
    for (const kind of new Set(factors.map((factor) => factor.kind))) {
      const { limitPerUser } = kindModule(kind).traits;
      if (factors.filter((factor) => factor.kind === kind).length > limitPerUser)
        faults.push(`factors: at most ${String(limitPerUser)} of the kind ${kind}`);
    }
    if (faults.length > 0) return { faults };
    return { user: this.userOf(line, password), factors, warnings };
  }

  /** A hash that cannot be compared here gives way to a reset by mail. */
  private passwordOf({ password }: UserLine): ReadPassword {
    if (!password?.hash) return { hash: null, key: null };
    const form = parseForeignHash(password.hash);
    if ('fault' in form) return { hash: null, key: null, fault: form.fault };
    if (!password.key) return { hash: password.hash, key: null };
    if (isKeyThere(this.deps.keyring, password.key))
      return { hash: password.hash, key: password.key.version };
    return { hash: null, key: null, lost: LOST_PASSWORD };
  }

  private userOf(line: UserLine, password: ReadPassword): PortableUser {
    const now = this.deps.clock.now();
    return {
      id: line.id ?? null,
      externalId: line.externalId ?? null,
      accountType: line.accountType,
      email: line.email,
      emailVerifiedAt: line.emailVerifiedAt ?? (line.emailVerified ? now : null),
      displayName: line.displayName ?? null,
      locale: line.locale ?? null,
      roles: [...new Set(line.roles)],
      status: line.status,
      lockedUntil: line.lockedUntil ?? null,
      passwordHash: password.hash,
      passwordKey: password.key,
      passwordChangedAt: line.password ? (line.password.changedAt ?? now) : null,
      passwordChangeRequiredAt: line.password?.mustChange ? now : null,
      enrollmentDueAt: line.enrollmentDueAt ?? null,
      enrollmentClosedAt: line.enrollmentClosedAt ?? null,
      createdAt: line.createdAt ?? null,
    };
  }

  private async add(tx: UnitOfWork, prepared: Prepared, isDryRun: boolean): Promise<boolean> {
    const { users, factors, policies, recorder, clock, chance } = this.deps;
    const userId = await users.insert(tx, prepared.user);
    if (userId === undefined) return false;
    for (const { kind, isPreferred, arrived } of prepared.factors) {
      const { label = null, hint = null } = arrived;
      const factor = { id: newId('fct', clock, chance), userId, kind, label, hint };
      await factors.add(tx, factor);
      if (!(await arrived.store(tx, factor)))
        throw new Undone(`factors: one of the kind ${kind} is in use already`);
      if (isPreferred) await factors.change(tx, userId, factor.id, { isPreferred: true });
    }
    await policies.startGrace(tx, userId);
    await recorder.record(tx, {
      type: 'USER_IMPORTED',
      outcome: 'SUCCESS',
      userId,
      details: { factors: prepared.factors.map(({ kind }) => kind), warnings: prepared.warnings },
    });
    if (isDryRun) throw new Undone('');
    return true;
  }
}
