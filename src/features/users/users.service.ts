import { Refusal, newId, type Chance, type Clock, type Role } from '../../kernel';
import { isDuplicate, type Database, type Sql, type UnitOfWork } from '../../platform';
import { emailKey } from './identifier';
import type { PasswordHasher, StoredPassword } from './password-hasher';
import type { PasswordOwner, PasswordRules } from './password-rules';
import type { AccountType, User } from './user';

export interface NewUser {
  readonly email: string;
  readonly externalId?: string;
  readonly accountType?: AccountType;
  readonly displayName?: string;
  readonly password?: string;
  readonly roles?: readonly Role[];
  readonly isEmailVerified?: boolean;
  /** The password is taken as it is. For demo users, which exist outside production only: no input can say it. */
  readonly isTrusted?: boolean;
}

/** What `Users.insert` stores: a password comes checked and hashed, from `Users.prepare`. */
export type UserToInsert = Omit<NewUser, 'password' | 'isTrusted'> & {
  readonly storedPassword?: StoredPassword;
  readonly locale?: string | null;
  /** PENDING until the address is proven by a first password. */
  readonly isInvited?: boolean;
};

const COLUMNS = `id, external_id, account_type, email, email_verified_at, display_name, locale, roles, status,
  locked_until, password_changed_at, password_change_required_at, last_sign_in_at, enrollment_due_at, created_at`;

export class Users {
  constructor(
    private readonly database: Database,
    private readonly hasher: PasswordHasher,
    private readonly clock: Clock,
    private readonly chance: Chance,
    private readonly rules: PasswordRules,
  ) {}

  /**
   * Makes an ACTIVE user. Refuses with INVALID_INPUT, WEAK_PASSWORD, BREACHED_PASSWORD or CONFLICT (address or external
   * id is taken).
   */
  async create(wanted: NewUser, record: (tx: UnitOfWork, user: User) => Promise<void>): Promise<User> {
    const { password, isTrusted, ...user } = wanted;
    keyOfAddress(user.email);
    const storedPassword =
      password === undefined
        ? undefined
        : isTrusted
          ? await this.hasher.hash(password)
          : await this.prepare(password, user, ['input', 'password']);
    return this.database.transaction(async (tx) => {
      const made = await this.insert(tx, { ...user, storedPassword });
      await record(tx, made);
      // What is recorded with it may have changed the row.
      return (await this.find(made.id, tx)) ?? made;
    });
  }

  /**
   * Checks a new password by the rules and hashes it, outside of any transaction: both take time. Refuses with
   * INVALID_INPUT, WEAK_PASSWORD or BREACHED_PASSWORD at `path`.
   */
  async prepare(password: string, about: PasswordOwner, path: readonly string[]): Promise<StoredPassword> {
    await this.rules.check(password, about, path);
    return this.hasher.hash(password);
  }

  /** Makes a user, ACTIVE unless invited, in the caller's transaction, which stays usable. Refuses with INVALID_INPUT or CONFLICT. */
  async insert(tx: UnitOfWork, wanted: UserToInsert): Promise<User> {
    const { storedPassword } = wanted;
    const user = await tx.row<User>(
      `INSERT INTO users (id, external_id, account_type, email, email_key, email_verified_at, display_name, locale,
         roles, status, password_hash, password_key, password_changed_at)
       VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN gateway_now() END, $7, $8, $9, CASE WHEN $12 THEN 'PENDING' ELSE 'ACTIVE' END, $10, $11,
         CASE WHEN $10::text IS NOT NULL THEN gateway_now() END)
       ON CONFLICT DO NOTHING
       RETURNING ${COLUMNS}`,
      [
        newId('usr', this.clock, this.chance),
        wanted.externalId ?? null,
        wanted.accountType ?? 'PERSON',
        asWritten(wanted.email),
        keyOfAddress(wanted.email),
        wanted.isEmailVerified ?? false,
        wanted.displayName ?? null,
        wanted.locale ?? null,
        wanted.roles ?? ['USER'],
        storedPassword?.passwordHash ?? null,
        storedPassword?.passwordKey ?? null,
        wanted.isInvited ?? false,
      ],
    );
    if (!user) throw new Refusal('CONFLICT', { message: 'This address or id is taken.' });
    return user;
  }

  find(id: string, sql: Sql = this.database): Promise<User | undefined> {
    return sql.row<User>(`SELECT ${COLUMNS} FROM users WHERE id = $1`, [id]);
  }

  /** Those of these ids that there are, newest first. */
  many(ids: readonly string[]): Promise<User[]> {
    return ids.length === 0
      ? Promise.resolve([])
      : this.database.rows<User>(`SELECT ${COLUMNS} FROM users WHERE id = ANY ($1) ORDER BY id DESC`, [ids]);
  }

  findByEmail(email: string): Promise<User | undefined> {
    return this.database.row<User>(`SELECT ${COLUMNS} FROM users WHERE email_key = $1`, [
      emailKey(email) ?? '',
    ]);
  }

  /** Replaces the password, or gives the account its first one. Refuses with NOT_FOUND. */
  async setPassword(tx: UnitOfWork, userId: string, stored: StoredPassword): Promise<void> {
    const changed = await tx.affected(
      `UPDATE users SET password_hash = $2, password_key = $3, password_changed_at = gateway_now(),
         password_change_required_at = NULL
       WHERE id = $1`,
      [userId, stored.passwordHash, stored.passwordKey],
    );
    if (changed === 0) throw new Refusal('NOT_FOUND');
  }

  /** The same for a password that was proven to be the present one: with CONFLICT, if it is that no more. */
  async replacePassword(
    tx: UnitOfWork,
    userId: string,
    proven: StoredPassword,
    stored: StoredPassword,
  ): Promise<void> {
    const held = await tx.row('SELECT 1 FROM users WHERE id = $1 AND password_hash = $2 FOR UPDATE', [
      userId,
      proven.passwordHash,
    ]);
    if (!held) throw new Refusal('CONFLICT');
    await this.setPassword(tx, userId, stored);
  }

  /**
   * Somebody else knows the password. With a second factor the account's next sign-in ends in a new password; without
   * one whoever knows the password would choose it, so that the password is taken away and only a reset by mail gives
   * one. Undefined if that was asked for before, or there is no password.
   */
  async requirePasswordChange(
    tx: UnitOfWork,
    userId: string,
    hasSecondFactor: boolean,
  ): Promise<'next sign-in' | 'reset by mail' | undefined> {
    const changed = await tx.affected(
      `UPDATE users SET password_change_required_at = gateway_now(),
         password_hash = CASE WHEN $2 THEN password_hash END, password_key = CASE WHEN $2 THEN password_key END
       WHERE id = $1 AND password_hash IS NOT NULL AND password_change_required_at IS NULL`,
      [userId, hasSecondFactor],
    );
    if (changed === 0) return undefined;
    return hasSecondFactor ? 'next sign-in' : 'reset by mail';
  }

  /** Whether it is the password that the account has. */
  async isPresentPassword(userId: string, password: string): Promise<boolean> {
    const stored = await this.database.row<{ passwordHash: string | null; passwordKey: string | null }>(
      'SELECT password_hash, password_key FROM users WHERE id = $1',
      [userId],
    );
    const { passwordHash = null, passwordKey = null } = stored ?? {};
    return passwordHash !== null && (await this.hasher.verify({ passwordHash, passwordKey }, password));
  }

  /** The account's address was proven, if it is still that one; who was only invited is ACTIVE now. */
  async proveEmail(tx: UnitOfWork, userId: string, email: string): Promise<void> {
    await tx.affected(
      `UPDATE users SET email_verified_at = COALESCE(email_verified_at, gateway_now()),
         status = CASE WHEN status = 'PENDING' THEN 'ACTIVE' ELSE status END
       WHERE id = $1 AND email_key = $2 AND (email_verified_at IS NULL OR status = 'PENDING')`,
      [userId, keyOfAddress(email)],
    );
  }

  /** The address was proven: from now on it is the account's. Refuses with CONFLICT if another account has it. */
  async changeEmail(tx: UnitOfWork, userId: string, email: string): Promise<void> {
    try {
      const changed = await tx.affected(
        `UPDATE users SET email = $2, email_key = $3, email_verified_at = gateway_now() WHERE id = $1`,
        [userId, asWritten(email), keyOfAddress(email)],
      );
      if (changed === 0) throw new Refusal('NOT_FOUND');
    } catch (error) {
      if (isDuplicate(error)) throw new Refusal('CONFLICT', { message: 'This address is taken.' });
      throw error;
    }
  }

  /** Sets what is given; undefined leaves a field as it is, a null clears it. */
  async updateProfile(
    tx: UnitOfWork,
    userId: string,
    { displayName, locale }: { readonly displayName?: string | null; readonly locale?: string | null },
  ): Promise<User | undefined> {
    return tx.row<User>(
      `UPDATE users SET display_name = CASE WHEN $2 THEN $3 ELSE display_name END,
         locale = CASE WHEN $4 THEN $5 ELSE locale END
       WHERE id = $1 RETURNING ${COLUMNS}`,
      [userId, displayName !== undefined, displayName ?? null, locale !== undefined, locale ?? null],
    );
  }
}

const asWritten = (email: string): string => email.normalize('NFKC').trim();

function keyOfAddress(email: string): string {
  const key = emailKey(email);
  if (key !== undefined) return key;
  throw new Refusal('INVALID_INPUT', { path: ['input', 'email'], message: 'This is no e-mail address.' });
}
