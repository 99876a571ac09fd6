import type { Role } from '../../kernel';

/** Whether a person or a program signs in. The policy can leave service accounts out. */
export const AccountType = { PERSON: 'PERSON', SERVICE: 'SERVICE' } as const;
export type AccountType = keyof typeof AccountType;

/** Where an account stands. */
export const UserStatus = { PENDING: 'PENDING', ACTIVE: 'ACTIVE', LOCKED: 'LOCKED' } as const;
export type UserStatus = keyof typeof UserStatus;

export interface User {
  readonly id: string;
  readonly externalId: string | null;
  readonly accountType: AccountType;
  readonly email: string;
  readonly emailVerifiedAt: Date | null;
  readonly displayName: string | null;
  readonly locale: string | null;
  readonly roles: Role[];
  readonly status: UserStatus;
  readonly lockedUntil: Date | null;
  readonly passwordChangedAt: Date | null;
  /** Somebody else knew the password: no session is opened by it before there is a new one. */
  readonly passwordChangeRequiredAt: Date | null;
  readonly lastSignInAt: Date | null;
  /** From then on a factor is required. Null: no requirement ever applied. */
  readonly enrollmentDueAt: Date | null;
  readonly createdAt: Date;
}

/** A lock without an end stands until it is lifted; one with an end is over by itself. */
export const isLocked = (user: Pick<User, 'status' | 'lockedUntil'>, now: Date): boolean =>
  user.status === 'LOCKED' && (user.lockedUntil === null || user.lockedUntil > now);
