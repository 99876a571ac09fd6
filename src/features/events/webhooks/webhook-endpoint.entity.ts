import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AuditEventType } from '../audit-event';
import type { WebhookState } from './webhook';

@Entity('webhook_endpoint')
export class WebhookEndpointEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  url!: string;

  /** Null: all, those added later too. */
  @Column({ type: 'text', array: true, nullable: true })
  eventTypes!: AuditEventType[] | null;

  /** Sealed. */
  @Column({ type: 'text' })
  secret!: string;

  /** Sealed; signs beside the new one until `previousUntil`. */
  @Column({ type: 'text', nullable: true })
  previousSecret!: string | null;

  @Column({ type: 'timestamptz', nullable: true })
  previousUntil!: Date | null;

  @Column({ type: 'text' })
  state!: WebhookState;

  @Column({ type: 'timestamptz', nullable: true })
  lastTakenAt!: Date | null;

  @Column({ type: 'text', nullable: true })
  lastFault!: string | null;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;
}
