import { Refusal } from '../../kernel';
import type { Database } from '../../platform';
import { LIMITS, type Limits } from '../limits';
import { emailKey } from './identifier';
import { isPasswordSized, type PasswordHasher, type StoredPassword } from './password-hasher';
import type { User } from './user';

const PATH: readonly string[] = ['input', 'password'];

type UserWithPassword = User & { readonly passwordHash: string | null; readonly passwordKey: string | null };

export type PasswordResult =
  /** `proven` is what the password was compared with. */
  | { readonly isRight: true; readonly user: User; readonly proven: StoredPassword }
  /** `user` is for the audit log only. */
  | { readonly isRight: false; readonly user: User | undefined };

/**
 * The first factor by password. Each try is charged before the hash is computed; an unknown address, an account
 * without a password and a wrong password take the same path and the same time.
 */
export class PasswordSignIn {
  constructor(
    private readonly database: Database,
    private readonly limits: Limits,
    private readonly hasher: PasswordHasher,
  ) {}

  /** Refuses with RATE_LIMITED while the account is slowed for this address, or the address had too many failures. */
  async check(email: string, password: string, addressKey: string): Promise<PasswordResult> {
    const key = emailKey(email) ?? `?${email.slice(0, 64)}`;
    const user = await this.database.row<UserWithPassword>('SELECT * FROM users WHERE email_key = $1', [key]);
    return this.compare(user, password, `${key}|${addressKey}`, addressKey);
  }

  /** The password of a user already signed in; counted like a sign-in. `path` is where the input has it. */
  async checkAgain(
    userId: string,
    password: string,
    addressKey: string,
    path: readonly string[] = PATH,
  ): Promise<PasswordResult> {
    const user = await this.database.row<UserWithPassword & { emailKey: string }>(
      'SELECT * FROM users WHERE id = $1',
      [userId],
    );
    return this.compare(user, password, `${user?.emailKey ?? userId}|${addressKey}`, addressKey, path);
  }

  private async compare(
    user: UserWithPassword | undefined,
    password: string,
    subject: string,
    addressKey: string,
    path = PATH,
  ): Promise<PasswordResult> {
    if (!isPasswordSized(password))
      throw new Refusal('INVALID_INPUT', { path, message: 'This is too long.' });
    await this.limits.chargeFailure(LIMITS.passwordsByAccountAndAddress, subject);
    await this.limits.chargeUse(LIMITS.passwordsByAddress, addressKey);
    const stored = storedPassword(user);
    const isRight = await this.evaluated(stored, password, subject, addressKey);
    if (!isRight || !user || !stored) return { isRight: false, user };
    await this.limits.forgive([[LIMITS.passwordsByAccountAndAddress, subject]]);
    await this.limits.returnUse(LIMITS.passwordsByAddress, addressKey);
    const proven = stored.passwordKey === null ? await this.rehashed(user.id, stored, password) : stored;
    return { isRight: true, user, proven };
  }

  /** The first right password after an import replaces the hash that came along by one of ours. */
  private async rehashed(userId: string, foreign: StoredPassword, password: string): Promise<StoredPassword> {
    let ours: StoredPassword;
    try {
      ours = await this.hasher.hash(password);
    } catch {
      // No room for another hash now: the next sign-in does it.
      return foreign;
    }
    const replaced = await this.database.affected(
      `UPDATE users SET password_hash = $3, password_key = $4
       WHERE id = $1 AND password_hash = $2 AND password_key IS NULL`,
      [userId, foreign.passwordHash, ours.passwordHash, ours.passwordKey],
    );
    return replaced === 1 ? ours : foreign;
  }

  /** A try that the hasher had no room for was none: overload must not slow or shut out anybody. */
  private async evaluated(
    stored: StoredPassword | undefined,
    password: string,
    subject: string,
    addressKey: string,
  ): Promise<boolean> {
    try {
      return await this.hasher.verify(stored, password);
    } catch (error) {
      await this.limits.returnFailure(LIMITS.passwordsByAccountAndAddress, subject);
      await this.limits.returnUse(LIMITS.passwordsByAddress, addressKey);
      throw error;
    }
  }
}

const storedPassword = (user: UserWithPassword | undefined): StoredPassword | undefined =>
  user?.passwordHash ? { passwordHash: user.passwordHash, passwordKey: user.passwordKey } : undefined;
