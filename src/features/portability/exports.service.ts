import type { Database, Keyring } from '../../platform';
import type { AuditRecorder } from '../events';
import { nameOfKey, type FactorKindAtWork, type Factors } from '../factors';
import type { PortableUser, PortableUsers } from '../users';
import type { Seal } from './recipient';

export interface ExportDeps {
  readonly database: Database;
  readonly users: PortableUsers;
  readonly factors: Factors;
  readonly kinds: ReadonlyMap<string, FactorKindAtWork<never>>;
  readonly recorder: AuditRecorder;
  readonly keyring: Keyring;
}

export interface ExportPage {
  /** One encrypted line per user. */
  readonly lines: readonly string[];
  /** Where the next page begins; null: this was the last one. */
  readonly next: string | null;
}

type Held = PortableUser & { readonly id: string };

/** Accounts with all by which they sign in, each encrypted to its recipient before it leaves. */
export class Exports {
  constructor(private readonly deps: ExportDeps) {}

  async page(seal: Seal, after: string, count: number, email: string | null): Promise<ExportPage> {
    const { users, recorder, database } = this.deps;
    const found = await users.page(after, count, email);
    const lines: string[] = [];
    for (const user of found) lines.push(await seal(JSON.stringify(await this.lineOf(user))));
    // Recorded before anything is handed over: what cannot be recorded does not leave.
    await recorder.record(
      database,
      ...found.map(({ id }) => ({ type: 'USER_EXPORTED', outcome: 'SUCCESS', userId: id }) as const),
    );
    return { lines, next: found.length < count ? null : (found.at(-1)?.id ?? null) };
  }

  /** What `readLine` reads. */
  private async lineOf(user: Held): Promise<object> {
    const { id, externalId, email, emailVerifiedAt, displayName, locale, accountType, roles } = user;
    const { status, lockedUntil, enrollmentDueAt, enrollmentClosedAt, createdAt } = user;
    return {
      ...{ id, externalId, email, emailVerifiedAt, displayName, locale, accountType, roles },
      ...{ status, lockedUntil, enrollmentDueAt, enrollmentClosedAt, createdAt },
      password: this.passwordOf(user),
      factors: await this.factorsOf(id),
    };
  }

  /** Null: the account never had one. */
  private passwordOf(user: Held): object | null {
    const { passwordHash: hash, passwordKey, passwordChangedAt: changedAt } = user;
    const { keyring } = this.deps;
    if (changedAt === null) return null;
    const mustChange = user.passwordChangeRequiredAt !== null;
    if (hash === null || (passwordKey !== null && !keyring.has(passwordKey)))
      return { hash: null, changedAt, mustChange };
    return {
      hash,
      key: passwordKey === null ? null : nameOfKey(keyring, passwordKey),
      changedAt,
      mustChange,
    };
  }

  private async factorsOf(userId: string): Promise<object[]> {
    const { factors, kinds, database } = this.deps;
    const entries: object[] = [];
    for (const { id, kind, label, isPreferred } of await factors.active(userId)) {
      const written = await kinds.get(kind)?.portability?.write(database, { id, userId, label });
      if (written) entries.push({ kind, label, ...(isPreferred ? { isPreferred } : {}), ...written });
    }
    return entries;
  }
}
