import { z } from 'zod';
import type { Chance } from '../../../kernel';
import { sameBytes, type Keyring } from '../../../platform';

/** What is kept of a code that was sent: never the code, and nothing that tells it without the key ring. */
export interface KeptCode {
  readonly digits: number;
  /** Where it was sent. */
  readonly to: string;
  readonly salt: string;
  /** Keyed hash over salt, destination and code. */
  readonly mac: string;
  readonly keyVersion: string;
}

const SALT_BYTES = 16;
const MAC_BYTES = 32;

/** A code may be asked for again after so long. */
export const RESEND_AFTER_SECONDS = 60;

/** Numeric codes that are sent to somebody: every one of the 10^digits is as likely as any other. */
export class SentCodes {
  constructor(
    private readonly keyring: Keyring,
    private readonly chance: Chance,
  ) {}

  make(digits: number, to: string): { readonly code: string; readonly kept: KeptCode } {
    const code = String(this.chance.below(10 ** digits)).padStart(digits, '0');
    const salt = this.chance.bytes(SALT_BYTES).toString('base64url');
    const keyVersion = this.keyring.version;
    const mac = this.mac(salt, to, code, keyVersion).toString('base64url');
    return { code, kept: { digits, to, salt, mac, keyVersion } };
  }

  /** What looks like a code that was sent, and that no answer matches. */
  decoy(digits: number, to: string): KeptCode {
    const salt = this.chance.bytes(SALT_BYTES).toString('base64url');
    const mac = this.chance.bytes(MAC_BYTES).toString('base64url');
    return { digits, to, salt, mac, keyVersion: this.keyring.version };
  }

  /** Takes as long for a wrong code as for the right one. */
  matches({ salt, to, mac, keyVersion }: KeptCode, code: string): boolean {
    return (
      this.keyring.has(keyVersion) &&
      sameBytes(this.mac(salt, to, code, keyVersion), Buffer.from(mac, 'base64url'))
    );
  }

  private mac(salt: string, to: string, code: string, keyVersion: string): Buffer {
    return this.keyring.mac('code', ['sent-code', salt, to, code], keyVersion);
  }
}

const NAMES: Readonly<Record<number, string>> = { 6: 'six', 8: 'eight' };

/** A code as typed, of one of the lengths. Blanks and hyphens are how people group digits; nothing else is forgiven. */
export const typedCode = (...lengths: readonly number[]) =>
  z
    .string()
    .max(64, 'This is too long.')
    .transform((text) => text.replace(/[ -]/g, ''))
    .pipe(
      z
        .string()
        .regex(
          new RegExp(`^(?:${lengths.map((length) => `[0-9]{${String(length)}}`).join('|')})$`),
          `The code has ${lengths.map((length) => NAMES[length] ?? String(length)).join(' or ')} digits.`,
        ),
    );
