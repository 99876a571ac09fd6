import { Column, Entity, PrimaryColumn } from 'typeorm';

@Entity('daily_statistics')
export class DailyStatisticsEntity {
  /** In UTC. */
  @PrimaryColumn({ type: 'date' })
  day!: string;

  @Column({ type: 'integer' })
  signIns!: number;

  @Column({ type: 'integer' })
  failures!: number;

  @Column({ type: 'integer' })
  pushDenials!: number;

  @Column({ type: 'integer' })
  enrolledUsers!: number;

  @Column({ type: 'integer' })
  usersInGrace!: number;

  /** How many of each kind were started. */
  @Column({ type: 'jsonb' })
  challenges!: Readonly<Record<string, number>>;

  @Column({ type: 'timestamptz' })
  countedAt!: Date;
}
