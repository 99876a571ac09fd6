import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('limit_counter')
export class LimitCounterEntity {
  @PrimaryColumn({ type: 'text' })
  key!: string;

  @Column({ type: 'integer' })
  count!: number;

  /** Begin of the window, or the last failure. */
  @Column({ type: 'timestamptz' })
  since!: Date;

  @Column({ type: 'timestamptz', nullable: true })
  retryAt!: Date | null;
}
