import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ClientContext } from '../../kernel';
import type { AuditEventType, AuditOutcome } from './audit-event';

/** No foreign keys: the log outlives what it names. */
@Entity('audit_event')
export class AuditEventEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  type!: AuditEventType;

  @Column({ type: 'text' })
  outcome!: AuditOutcome;

  @Column({ type: 'timestamptz', insert: false })
  occurredAt!: Date;

  /** The transaction that wrote it. In the database an `xid8`, which TypeORM has no name for. */
  @Column({ type: 'text', insert: false })
  xid!: string;

  @Column({ type: 'text', nullable: true })
  actorId!: string | null;

  @Column({ type: 'text', nullable: true })
  userId!: string | null;

  @Column({ type: 'text', nullable: true })
  factorKind!: string | null;

  @Column({ type: 'text', nullable: true })
  factorId!: string | null;

  @Column({ type: 'text', nullable: true })
  flowId!: string | null;

  @Column({ type: 'text', nullable: true })
  sessionId!: string | null;

  @Column({ type: 'text', nullable: true })
  requestId!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  context!: ClientContext | null;

  @Column({ type: 'text', nullable: true })
  reason!: string | null;

  @Column({ type: 'text', nullable: true })
  note!: string | null;

  @Column({ type: 'jsonb', nullable: true })
  details!: object | null;
}
