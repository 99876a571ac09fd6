import { z } from 'zod';
import type { Keyring, Sql } from '../../../../platform';
import {
  faultOf,
  isKeyThere,
  keyName,
  nameOfKey,
  type Arrival,
  type FactorRef,
  type Portability,
} from '../../contract';
import { addSet, readSet } from './backup-code.store';

const bytes = (min: number, max: number) =>
  z
    .base64url()
    .transform((text) => Buffer.from(text, 'base64url'))
    .refine(({ length }) => length >= min && length <= max, 'has a wrong length');

const CODES_MAX = 32;

const form = z.strictObject({
  kind: z.literal('BACKUP_CODE'),
  label: z.null().optional(),
  salt: bytes(16, 64),
  hashes: z.array(bytes(32, 32)).min(1).max(CODES_MAX),
  key: keyName,
});

/** The codes of a list that are left. Their hashes are worth something only where the key is that they were made with. */
export class BackupCodePortability implements Portability {
  constructor(private readonly keyring: Keyring) {}

  read(entry: object): Arrival {
    const parsed = form.safeParse(entry);
    if (!parsed.success) return { fault: faultOf(parsed.error) };
    const { key, salt, hashes } = parsed.data;
    if (!isKeyThere(this.keyring, key))
      return { lost: 'backup codes: KEYRING has not the key that they were made with' };
    const set = { salt, hashes, keyVersion: key.version };
    return { factors: [{ store: async (tx, { id }) => (await addSet(tx, id, set), true) }] };
  }

  async write(sql: Sql, factor: FactorRef) {
    const set = await readSet(sql, factor.id);
    const left = set?.codes.filter(({ isUsed }) => !isUsed) ?? [];
    if (!set || left.length === 0 || !this.keyring.has(set.keyVersion)) return undefined;
    return {
      salt: base64url(set.salt),
      hashes: left.map(({ hash }) => base64url(hash)),
      key: nameOfKey(this.keyring, set.keyVersion),
    };
  }
}

const base64url = (held: Uint8Array): string => Buffer.from(held).toString('base64url');
