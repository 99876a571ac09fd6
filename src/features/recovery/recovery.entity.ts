import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ClientContext } from '../../kernel';
import type { IdentityCheck } from '../administration';
import type { RecoveryDecision, RecoveryRow, RecoveryStatus } from './recovery';

@Entity('recovery_request')
export class RecoveryRequestEntity implements RecoveryRow {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  userId!: string;

  @Column({ type: 'text' })
  flowId!: string;

  /** As it was last recorded: time alone moves it on. */
  @Column({ type: 'text' })
  status!: RecoveryStatus;

  @Column({ type: 'text', nullable: true })
  message!: string | null;

  @Column({ type: 'jsonb' })
  context!: ClientContext;

  @Column({ type: 'integer' })
  requiredApprovals!: number;

  @Column({ type: 'boolean' })
  isEmergency!: boolean;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  approvedAt!: Date | null;

  @Column({ type: 'timestamptz', nullable: true })
  readyAt!: Date | null;

  @Column({ type: 'timestamptz' })
  expiresAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  toldHalfAt!: Date | null;

  @Column({ type: 'text', nullable: true })
  factorId!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  endedAt!: Date | null;
}

@Entity('recovery_decision')
export class RecoveryDecisionEntity implements RecoveryDecision {
  @PrimaryColumn({ type: 'text' })
  requestId!: string;

  /** Nobody decides twice about one request. */
  @PrimaryColumn({ type: 'text' })
  deciderId!: string;

  @Column({ type: 'boolean' })
  isApproval!: boolean;

  @Column({ type: 'boolean' })
  isEmergency!: boolean;

  @Column({ type: 'text', nullable: true })
  identityCheck!: IdentityCheck | null;

  @Column({ type: 'text', nullable: true })
  evidenceReference!: string | null;

  @Column({ type: 'text' })
  note!: string;

  @Column({ type: 'timestamptz' })
  decidedAt!: Date;
}
