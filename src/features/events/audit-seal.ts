import type { Keyring } from '../../platform';

/** A seal over one batch of events, as it stands in the database. */
export interface Seal {
  readonly seq: number;
  /** Transactions from the previous seal's number up to, and without, this one. */
  readonly belowXid: string;
  readonly eventCount: number;
  readonly firstEventId: string;
  readonly lastEventId: string;
  /** Hexadecimal. */
  readonly hash: string;
  readonly keyVersion: string;
}

/** What stands before the first seal. */
export const BEGINNING = { seq: 0, belowXid: '0', hash: '' };
export type Predecessor = Pick<Seal, 'seq' | 'belowXid' | 'hash'>;

/** What a batch of events amounts to: `digest` is a SHA-256 over their lines, in the order of (xid, id). */
export interface Batch {
  readonly eventCount: number;
  readonly firstEventId: string;
  readonly lastEventId: string;
  readonly digest: string;
}

/**
 * One event in the form that is hashed: JSON, fields in the order of the statement that reads them. What is
 * null is left out, so that a column added later leaves the lines of older events as they are.
 */
export const canonicalLine = (event: Readonly<Record<string, string | null>>): string =>
  `${JSON.stringify(Object.fromEntries(Object.entries(event).filter(([, value]) => value !== null)))}\n`;

/** Covers the seal's own columns too, and by `previousHash` everything before it. */
export const sealHash = (
  keyring: Keyring,
  keyVersion: string,
  previousHash: string,
  seal: Pick<Seal, 'seq' | 'belowXid'>,
  batch: Batch,
): string =>
  keyring
    .mac(
      'audit',
      [
        previousHash,
        String(seal.seq),
        seal.belowXid,
        String(batch.eventCount),
        batch.firstEventId,
        batch.lastEventId,
        batch.digest,
      ],
      keyVersion,
    )
    .toString('hex');
