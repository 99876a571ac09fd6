import { Refusal, newId, type Chance, type Clock, type Role } from '../../kernel';
import { isDuplicate, type Database, type Sql, type UnitOfWork } from '../../platform';
import { emailKey } from './identifier';
import { isPasswordSized, type PasswordHasher } from './password-hasher';
import type { AccountType, User } from './user';

export interface NewUser {
  readonly email: string;
  readonly externalId?: string;
  readonly accountType?: AccountType;
  readonly displayName?: string;
  readonly password?: string;
  readonly roles?: readonly Role[];
  readonly isEmailVerified?: boolean;
}

const COLUMNS = `id, external_id, account_type, email, email_verified_at, display_name, locale, roles, status,
  locked_until, password_changed_at, last_sign_in_at, created_at`;

export class Users {
  constructor(
    private readonly database: Database,
    private readonly hasher: PasswordHasher,
    private readonly clock: Clock,
    private readonly chance: Chance,
    private readonly passwordMinimumLength: number,
  ) {}

  /** Makes an ACTIVE user. Refuses with INVALID_INPUT, WEAK_PASSWORD or CONFLICT (address or external id is taken). */
  async create(wanted: NewUser, record: (tx: UnitOfWork, user: User) => Promise<void>): Promise<User> {
    const key = emailKey(wanted.email);
    if (!key)
      throw new Refusal('INVALID_INPUT', { path: ['input', 'email'], message: 'This is no e-mail address.' });
    const stored = wanted.password === undefined ? undefined : await this.newPassword(wanted.password);
    try {
      return await this.database.transaction(async (tx) => {
        const user = await tx.row<User>(
          `INSERT INTO users (id, external_id, account_type, email, email_key, email_verified_at, display_name, roles,
             status, password_hash, password_key, password_changed_at)
           VALUES ($1, $2, $3, $4, $5, CASE WHEN $6 THEN gateway_now() END, $7, $8, 'ACTIVE', $9, $10,
             CASE WHEN $9::text IS NOT NULL THEN gateway_now() END)
           RETURNING ${COLUMNS}`,
          [
            newId('usr', this.clock, this.chance),
            wanted.externalId ?? null,
            wanted.accountType ?? 'PERSON',
            wanted.email.normalize('NFKC').trim(),
            key,
            wanted.isEmailVerified ?? false,
            wanted.displayName ?? null,
            wanted.roles ?? ['USER'],
            stored?.passwordHash ?? null,
            stored?.passwordKey ?? null,
          ],
        );
        await record(tx, user as User);
        return user as User;
      });
    } catch (error) {
      if (isDuplicate(error)) throw new Refusal('CONFLICT', { message: 'This address or id is taken.' });
      throw error;
    }
  }

  find(id: string, sql: Sql = this.database): Promise<User | undefined> {
    return sql.row<User>(`SELECT ${COLUMNS} FROM users WHERE id = $1`, [id]);
  }

  findByEmail(email: string): Promise<User | undefined> {
    return this.database.row<User>(`SELECT ${COLUMNS} FROM users WHERE email_key = $1`, [
      emailKey(email) ?? '',
    ]);
  }

  private async newPassword(password: string) {
    const path = ['input', 'password'];
    if (!isPasswordSized(password))
      throw new Refusal('INVALID_INPUT', { path, message: 'This is too long.' });
    if ([...password].length < this.passwordMinimumLength) {
      throw new Refusal('WEAK_PASSWORD', {
        path,
        message: `Please use at least ${String(this.passwordMinimumLength)} characters.`,
      });
    }
    return this.hasher.hash(password);
  }
}
