import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Stands for all events and seals up to the seal `seq`, which were removed. */
@Entity('audit_checkpoint')
export class AuditCheckpointEntity {
  @PrimaryColumn({ type: 'bigint' })
  seq!: string;

  /** In the database an `xid8`, which TypeORM has no name for. */
  @Column({ type: 'text' })
  belowXid!: string;

  /** The hash of that seal: the next one was made over it. */
  @Column({ type: 'bytea' })
  sealHash!: Buffer;

  /** How many events were removed, from the beginning on. */
  @Column({ type: 'bigint' })
  eventCount!: string;

  /** When the last of them was sealed. */
  @Column({ type: 'timestamptz' })
  sealedUntil!: Date;

  @Column({ type: 'bytea' })
  mac!: Buffer;

  @Column({ type: 'text' })
  keyVersion!: string;

  @Column({ type: 'timestamptz', insert: false })
  madeAt!: Date;
}
