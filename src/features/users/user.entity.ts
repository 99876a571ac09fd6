import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Role } from '../../kernel';
import type { AccountType, User, UserStatus } from './user';

@Entity('users')
export class UserEntity implements User {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text', nullable: true })
  externalId!: string | null;

  @Column({ type: 'text' })
  accountType!: AccountType;

  /** As typed, for messages. */
  @Column({ type: 'text' })
  email!: string;

  /** Normalised once (`identifier.ts`): what look-up, uniqueness and limits go by. */
  @Column({ type: 'text' })
  emailKey!: string;

  @Column({ type: 'timestamptz', nullable: true })
  emailVerifiedAt!: Date | null;

  @Column({ type: 'text', nullable: true })
  displayName!: string | null;

  @Column({ type: 'text', nullable: true })
  locale!: string | null;

  @Column({ type: 'text', array: true })
  roles!: Role[];

  @Column({ type: 'text' })
  status!: UserStatus;

  @Column({ type: 'timestamptz', nullable: true })
  lockedUntil!: Date | null;

  @Column({ type: 'text', nullable: true })
  passwordHash!: string | null;

  /** The version of the key that peppers the hash. Null beside a hash: another system made it. */
  @Column({ type: 'text', nullable: true })
  passwordKey!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  passwordChangedAt!: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  passwordChangeRequiredAt!: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  lastSignInAt!: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  enrollmentDueAt!: Date | null;

  /** Kept by a trigger on `factor`. */
  @Column({ type: 'boolean', insert: false, update: false })
  hasFactor!: boolean;

  /** Since when the password alone may not enroll a factor. */
  @Column({ type: 'timestamptz', nullable: true })
  enrollmentClosedAt!: Date | null;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;
}
