/**
 * Who can sign in, and the first factor by password. It gives results, never sessions: what a right password is worth
 * is decided by the flow. New passwords pass one set of rules, whichever way they come in. They are rated in a thread
 * and hashed with Argon2id, a bounded number at a time, off the event loop.
 */
import type { Feature } from '../../kernel';
import { Users1767225601000 } from './migrations/1767225601000-users';
import { EnrollmentDue1767225621500 } from './migrations/1767225621500-enrollment-due';
import { PasswordChangeRequired1767225660000 } from './migrations/1767225660000-password-change-required';
import { EnrollmentClosed1767225640000 } from './migrations/1767225640000-enrollment-closed';
import { UserEntity } from './user.entity';
import { usersSettings } from './users.config';

export * from './breached-passwords.client';
export * from './foreign-hash';
export * from './identifier';
export * from './password-hasher';
export * from './password-rater.service';
export * from './password-rules';
export * from './password-sign-in.service';
export * from './portable-users.service';
export * from './user';
export * from './users.config';
export * from './users.service';

export const usersFeature: Feature = {
  name: 'users',
  settings: [usersSettings],
  entities: [UserEntity],
  migrations: [
    Users1767225601000,
    EnrollmentDue1767225621500,
    PasswordChangeRequired1767225660000,
    EnrollmentClosed1767225640000,
  ],
};
