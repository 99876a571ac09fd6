import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { Channel } from './message';

/** Messages in clear, for development only: in production nothing writes here. */
@Entity('dev_inbox')
export class DevInboxEntity {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  /** Tells the order, also within one instant. */
  @Column({ type: 'bigint', insert: false })
  seq!: string;

  @Column({ type: 'timestamptz', insert: false })
  at!: Date;

  @Column({ type: 'text' })
  channel!: Channel;

  @Column({ type: 'text' })
  to!: string;

  @Column({ type: 'text' })
  subject!: string;

  @Column({ type: 'text' })
  text!: string;

  @Column({ type: 'jsonb' })
  data!: Record<string, string>;
}
