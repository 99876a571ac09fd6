import type { Keyring } from '../../platform';
import { BEGINNING, type Predecessor } from './audit-seal';

/** Where the log begins now that its oldest batches were removed. */
export interface Checkpoint {
  /** The last seal that was removed; the chain goes on from it. */
  readonly seq: number;
  readonly belowXid: string;
  /** Hexadecimal; of that seal. */
  readonly hash: string;
  /** How many events were removed, from the beginning on. */
  readonly eventCount: number;
  /** When the last of them was sealed. */
  readonly sealedUntil: Date;
  readonly keyVersion: string;
  /** Hexadecimal: without the key nobody can pretend that something was pruned. */
  readonly mac: string;
}

export const checkpointMac = (keyring: Keyring, checkpoint: Omit<Checkpoint, 'mac'>): string =>
  keyring
    .mac(
      'audit',
      [
        'checkpoint',
        String(checkpoint.seq),
        checkpoint.belowXid,
        checkpoint.hash,
        String(checkpoint.eventCount),
        checkpoint.sealedUntil.toISOString(),
      ],
      checkpoint.keyVersion,
    )
    .toString('hex');

/** What is wrong with it, if anything is. */
export function faultOfCheckpoint(keyring: Keyring, checkpoint: Checkpoint): string | undefined {
  const name = `checkpoint ${String(checkpoint.seq)}`;
  if (!keyring.has(checkpoint.keyVersion))
    return `${name}: its key ${checkpoint.keyVersion} is not in the keyring`;
  return checkpointMac(keyring, checkpoint) === checkpoint.mac
    ? undefined
    : `${name}: it was changed, or not made by the gateway`;
}

/** What the first seal that is left was made over. */
export const predecessorOf = (checkpoint: Checkpoint | undefined): Predecessor => checkpoint ?? BEGINNING;
