import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { EnrollmentRow, EnrollmentStatus } from './enrollment';

@Entity('enrollment')
export class EnrollmentEntity implements EnrollmentRow {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  userId!: string;

  @Column({ type: 'text' })
  kind!: string;

  @Column({ type: 'text' })
  status!: EnrollmentStatus;

  @Column({ type: 'bytea' })
  tokenHash!: Buffer;

  @Column({ type: 'bytea', nullable: true })
  pairingHash!: Buffer | null;

  /** What the kind keeps until the proof; gone once the enrollment is over. */
  @Column({ type: 'text', nullable: true })
  sealedKept!: string | null;

  @Column({ type: 'text', nullable: true })
  label!: string | null;

  @Column({ type: 'text', nullable: true })
  sentTo!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  resendableAt!: Date | null;

  @Column({ type: 'text' })
  factorId!: string;

  @Column({ type: 'text', nullable: true })
  flowId!: string | null;

  @Column({ type: 'text', nullable: true })
  sessionId!: string | null;

  @Column({ type: 'boolean' })
  isByBackupCode!: boolean;

  @Column({ type: 'integer' })
  attempts!: number;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'timestamptz' })
  expiresAt!: Date;
}
