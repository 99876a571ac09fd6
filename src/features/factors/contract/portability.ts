import { z } from 'zod';
import type { Keyring, Sql, UnitOfWork } from '../../../platform';
import type { FactorRef } from './factor-ref';

/** A factor that was read from an import and found good. */
export interface ArrivedFactor {
  readonly label?: string;
  /** Masked, as the user sees it. */
  readonly hint?: string;
  /** Adds the rows of its kind; false if it belongs to an account already. */
  store(tx: UnitOfWork, factor: FactorRef): Promise<boolean>;
}

export type Arrival =
  | { readonly factors: readonly ArrivedFactor[] }
  /** The entry is wrong, and with it the whole user; never says a secret. */
  | { readonly fault: string }
  /** The entry is right but worth nothing here; the user comes without it. */
  | { readonly lost: string };

export interface Portability {
  /** One entry of a user, of this kind; some hold several factors. */
  read(entry: Readonly<Record<string, unknown>>): Promise<Arrival> | Arrival;
  /** What `read` takes, with secrets in clear; undefined where they cannot be read any more. */
  write(sql: Sql, factor: FactorRef): Promise<Readonly<Record<string, unknown>> | undefined>;
}

/** Which key of a ring something was made with, so that another ring can tell whether it has it. */
export const keyName = z.strictObject({ version: z.string().max(16), check: z.string().max(32) });
export type KeyName = z.infer<typeof keyName>;

export const nameOfKey = (keyring: Keyring, version: string): KeyName => ({
  version,
  check: keyring.checkOf(version),
});

export const isKeyThere = (keyring: Keyring, { version, check }: KeyName): boolean =>
  keyring.has(version) && keyring.checkOf(version) === check;

/** What is wrong, with the field that it is wrong in and without its value. */
export const faultOf = (error: z.ZodError): string =>
  error.issues.map(({ path, message }) => [path.join('.'), message].filter(Boolean).join(': ')).join('; ');
