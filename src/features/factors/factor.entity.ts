import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { FactorFacts } from './contract';

@Entity('factor')
export class FactorEntity implements Omit<FactorFacts, 'isEnabled'> {
  @PrimaryColumn({ type: 'text' })
  id!: string;

  @Column({ type: 'text' })
  userId!: string;

  @Column({ type: 'text' })
  kind!: string;

  @Column({ type: 'text', nullable: true })
  label!: string | null;

  /** Masked: what the user recognises it by. */
  @Column({ type: 'text', nullable: true })
  hint!: string | null;

  @Column({ type: 'boolean' })
  isPreferred!: boolean;

  @Column({ type: 'timestamptz' })
  createdAt!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  lastUsedAt!: Date | null;

  /** The day of it, in UTC; kept by the database. */
  @Column({ type: 'date', insert: false, update: false })
  usedOn!: string;

  @Column({ type: 'boolean' })
  isByBackupCode!: boolean;

  @Column({ type: 'timestamptz', nullable: true })
  revokedAt!: Date | null;
}
