import { newId, type Chance, type Clock, type Role } from '../../kernel';
import type { Sql, UnitOfWork } from '../../platform';
import { emailKey } from './identifier';
import type { AccountType, UserStatus } from './user';

/** An account as it comes from or goes to another system. */
export interface PortableUser {
  /** Kept, if it is free: it is what tokens name the user by. */
  readonly id: string | null;
  readonly externalId: string | null;
  readonly accountType: AccountType;
  readonly email: string;
  readonly emailVerifiedAt: Date | null;
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly roles: readonly Role[];
  readonly status: UserStatus;
  readonly lockedUntil: Date | null;
  readonly passwordHash: string | null;
  readonly passwordKey: string | null;
  readonly passwordChangedAt: Date | null;
  readonly passwordChangeRequiredAt: Date | null;
  readonly enrollmentDueAt: Date | null;
  readonly enrollmentClosedAt: Date | null;
  /** Null: now. */
  readonly createdAt: Date | null;
}

const COLUMNS = `id, external_id, account_type, email, email_verified_at, display_name, locale, roles, status, locked_until,
  password_hash, password_key, password_changed_at, password_change_required_at, enrollment_due_at,
  enrollment_closed_at, created_at`;

/** Accounts with all that they are made of, for import and export only: password hashes leave through here. */
export class PortableUsers {
  constructor(
    private readonly sql: Sql,
    private readonly clock: Clock,
    private readonly chance: Chance,
  ) {}

  /** Adds the account; gives its id, or undefined if address, external id or id is taken. The transaction stays usable. */
  async insert(tx: UnitOfWork, user: PortableUser): Promise<string | undefined> {
    const row = await tx.row<{ id: string }>(
      `INSERT INTO users (${COLUMNS}, email_key)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, COALESCE($17, gateway_now()), $18)
       ON CONFLICT DO NOTHING RETURNING id`,
      [
        user.id ?? newId('usr', this.clock, this.chance),
        user.externalId,
        user.accountType,
        user.email,
        user.emailVerifiedAt,
        user.displayName,
        user.locale,
        user.roles,
        user.status,
        user.lockedUntil,
        user.passwordHash,
        user.passwordKey,
        user.passwordChangedAt,
        user.passwordChangeRequiredAt,
        user.enrollmentDueAt,
        user.enrollmentClosedAt,
        user.createdAt,
        emailKey(user.email),
      ],
    );
    return row?.id;
  }

  /** Whether it is an account with this address and no other external id that stands in the way. */
  async isThere(email: string, externalId: string | null): Promise<boolean> {
    const held = await this.sql.row<{ externalId: string | null }>(
      'SELECT external_id FROM users WHERE email_key = $1',
      [emailKey(email)],
    );
    return held !== undefined && (externalId === null || held.externalId === externalId);
  }

  /** In the order of their ids, so many after an id; or the one of an address. */
  page(
    after: string,
    count: number,
    email: string | null,
  ): Promise<(PortableUser & { readonly id: string })[]> {
    return this.sql.rows(
      `SELECT ${COLUMNS} FROM users
       WHERE id COLLATE "C" > $1 AND ($3::text IS NULL OR email_key = $3) ORDER BY id COLLATE "C" LIMIT $2`,
      [after, count, email === null ? null : (emailKey(email) ?? '')],
    );
  }
}
