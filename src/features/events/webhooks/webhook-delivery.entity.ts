import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One event for one endpoint. What it says is read from the log when it is sent. */
@Entity('webhook_delivery')
export class WebhookDeliveryEntity {
  @PrimaryColumn({ type: 'bigint' })
  seq!: string;

  @Column({ type: 'text' })
  endpointId!: string;

  @Column({ type: 'text' })
  eventId!: string;

  /** Whose event it is: within a lane an event waits for the one before it. */
  @Column({ type: 'text' })
  lane!: string;

  @Column({ type: 'text' })
  state!: 'QUEUED' | 'SENT' | 'FAILED';

  @Column({ type: 'timestamptz' })
  dueAt!: Date;

  @Column({ type: 'integer' })
  attempts!: number;

  @Column({ type: 'timestamptz', nullable: true })
  firstTriedAt!: Date | null;

  /** Until then one process is at it, and others keep away. */
  @Column({ type: 'timestamptz', nullable: true })
  claimedUntil!: Date | null;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;
}
