import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Covers the events of all transactions from the previous seal's `belowXid` up to, and without, its own. */
@Entity('audit_seal')
export class AuditSealEntity {
  /** Without gaps, from 1. */
  @PrimaryColumn({ type: 'bigint' })
  seq!: string;

  /** In the database an `xid8`, which TypeORM has no name for. */
  @Column({ type: 'text' })
  belowXid!: string;

  @Column({ type: 'integer' })
  eventCount!: number;

  @Column({ type: 'text' })
  firstEventId!: string;

  @Column({ type: 'text' })
  lastEventId!: string;

  @Column({ type: 'bytea' })
  hash!: Buffer;

  /** The key that the hash was made with. */
  @Column({ type: 'text' })
  keyVersion!: string;

  @Column({ type: 'timestamptz', insert: false })
  sealedAt!: Date;
}
