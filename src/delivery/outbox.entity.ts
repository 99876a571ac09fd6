import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Channel } from './message';

export type OutboxState = 'QUEUED' | 'SENT' | 'FAILED';

@Entity('outbox')
export class OutboxEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  channel!: Channel;

  /** The whole message, sealed; gone once it was sent or given up. */
  @Column({ type: 'text', nullable: true })
  sealed!: string | null;

  /** What the sender wants to hear about it by, such as the id of a challenge. */
  @Column({ type: 'text', nullable: true })
  reference!: string | null;

  @Column({ type: 'text' })
  state!: OutboxState;

  @Column({ type: 'timestamptz' })
  dueAt!: Date;

  @Column({ type: 'integer' })
  attempts!: number;

  /** Until then one process is at it, and others keep away. */
  @Column({ type: 'timestamptz', nullable: true })
  claimedUntil!: Date | null;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  expiresAt!: Date | null;
}
