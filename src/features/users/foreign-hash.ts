import { pbkdf2, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { verify as verifyArgon2 } from '@node-rs/argon2';
import { verify as verifyBcrypt } from '@node-rs/bcrypt';

/** A password hash that another system made, without our pepper. */
export interface ForeignHash {
  readonly scheme: 'argon2' | 'bcrypt' | 'scrypt' | 'pbkdf2';
  /** Compares as slowly as its parameters say; they are bounded. */
  verify(password: string): Promise<boolean>;
}

/** Costs beyond these would make each sign-in an attack: whoever can import could otherwise stop the gateway. */
const MEMORY_KIB_MAX = 262_144;
/** Memory times passes, in KiB: how long Argon2 and scrypt may take. */
const WORK_KIB_MAX = 1_048_576;
const LANES_MAX = 16;
const ITERATIONS_MAX = 5_000_000;
const BCRYPT_COST_MAX = 14;
const BYTES_MIN = 16;
const BYTES_MAX = 128;

const tooCostly = { fault: 'this hash is too costly to compare with' };
const unknown = { fault: 'this is no hash of a form that is known' };

/**
 * Reads the forms that are documented in the guide to migration: PHC strings of argon2id, argon2i, scrypt and PBKDF2, and
 * bcrypt. The fault never holds the hash.
 */
export function parseForeignHash(text: string): ForeignHash | { readonly fault: string } {
  if (text.length > 1024) return unknown;
  if (text.startsWith('$argon2')) return argon2(text);
  if (text.startsWith('$2')) return bcrypt(text);
  if (text.startsWith('$scrypt$')) return scryptOf(text);
  return text.startsWith('$pbkdf2-') ? pbkdf2Of(text) : unknown;
}

function argon2(text: string): ForeignHash | { readonly fault: string } {
  const match =
    /^\$argon2(?:id|i)\$(?:v=19\$)?m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$([A-Za-z0-9+/]{11,})\$([A-Za-z0-9+/]{22,})$/.exec(
      text,
    );
  if (!match) return unknown;
  const [memory = 0, passes = 0, lanes = 0] = match.slice(1, 4).map(Number);
  if (memory > MEMORY_KIB_MAX || memory * passes > WORK_KIB_MAX || lanes > LANES_MAX) return tooCostly;
  if (passes < 1 || lanes < 1 || memory < 8 * lanes) return unknown;
  return { scheme: 'argon2', verify: (password) => verifyArgon2(text, password) };
}

function bcrypt(text: string): ForeignHash | { readonly fault: string } {
  const match = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/.exec(text);
  if (!match) return unknown;
  const cost = Number(match[1]);
  if (cost > BCRYPT_COST_MAX) return tooCostly;
  if (cost < 4) return unknown;
  return { scheme: 'bcrypt', verify: (password) => verifyBcrypt(password, text) };
}

const derive: (
  password: string,
  salt: Buffer,
  length: number,
  options: { N: number; r: number; p: number; maxmem: number },
) => Promise<Buffer> = promisify(scrypt);

/** `ln` is the binary logarithm of N, as in PHC strings, or N itself, as Kratos writes it. */
function scryptOf(text: string): ForeignHash | { readonly fault: string } {
  const match = /^\$scrypt\$ln=(\d{1,9}),r=(\d{1,4}),p=(\d{1,4})\$([^$]+)\$([^$]+)$/.exec(text);
  const [salt, expected] = [bytesOf(match?.[4], 1), bytesOf(match?.[5], BYTES_MIN)];
  if (!match || !salt || !expected) return unknown;
  const [written = 0, r = 0, p = 0] = match.slice(1, 4).map(Number);
  const N = written < 32 ? 2 ** written : written;
  if (N < 2 || (N & (N - 1)) !== 0 || r < 1 || p < 1) return unknown;
  const memoryKib = (N * r * 128) / 1024;
  if (memoryKib > MEMORY_KIB_MAX || memoryKib * p > WORK_KIB_MAX || p > LANES_MAX) return tooCostly;
  const options = { N, r, p, maxmem: memoryKib * 1024 * 2 + 1_048_576 };
  return {
    scheme: 'scrypt',
    verify: async (password) =>
      timingSafeEqual(await derive(password, salt, expected.length, options), expected),
  };
}

const stretch = promisify(pbkdf2);

function pbkdf2Of(text: string): ForeignHash | { readonly fault: string } {
  const match = /^\$pbkdf2-(sha256|sha512)\$i=(\d{1,9})(?:,l=\d{1,4})?\$([^$]+)\$([^$]+)$/.exec(text);
  const [salt, expected] = [bytesOf(match?.[3], 1), bytesOf(match?.[4], BYTES_MIN)];
  if (!match || !salt || !expected) return unknown;
  const [digest = '', iterations] = [match[1], Number(match[2])];
  if (iterations > ITERATIONS_MAX) return tooCostly;
  if (iterations < 1) return unknown;
  return {
    scheme: 'pbkdf2',
    verify: async (password) =>
      timingSafeEqual(await stretch(password, salt, iterations, expected.length, digest), expected),
  };
}

/** Base64 of either alphabet, padded or not. */
function bytesOf(text: string | undefined, bytesMin: number): Buffer | undefined {
  if (text === undefined || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  return bytes.length >= bytesMin && bytes.length <= BYTES_MAX ? bytes : undefined;
}
