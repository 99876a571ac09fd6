import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A place that a user has signed in from. */
@Entity('seen_place')
export class SeenPlaceEntity {
  @PrimaryColumn({ type: 'text' })
  userId!: string;

  @PrimaryColumn({ type: 'text' })
  country!: string;

  /** Empty where only the country was known. */
  @PrimaryColumn({ type: 'text' })
  city!: string;

  @Column({ type: 'double precision', nullable: true })
  latitude!: number | null;

  @Column({ type: 'double precision', nullable: true })
  longitude!: number | null;

  @Column({ type: 'timestamptz' })
  firstSeenAt!: Date;

  @Column({ type: 'timestamptz' })
  lastSeenAt!: Date;
}
