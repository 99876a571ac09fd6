import { base32 } from './totp';

/** An authenticator app's account, as apps and other systems write it down. */
export interface OtpAccount {
  /** Base32 without padding. */
  readonly secret: string;
  readonly algorithm: string;
  readonly digits: number;
  readonly periodSeconds: number;
  readonly issuer: string | null;
}

/** Reads `otpauth://totp/…` (Key URI Format). Undefined if it is none. */
export function readOtpauth(uri: string): OtpAccount | undefined {
  const url = parsedUrl(uri);
  if (url?.protocol !== 'otpauth:' || url.host.toLowerCase() !== 'totp') return undefined;
  const number = (name: string, usual: number): number => Number(url.searchParams.get(name) ?? usual);
  return {
    secret: (url.searchParams.get('secret') ?? '').replace(/[ =-]/g, '').toUpperCase(),
    algorithm: (url.searchParams.get('algorithm') ?? 'SHA1').toUpperCase().replace('-', ''),
    digits: number('digits', 6),
    periodSeconds: number('period', 30),
    issuer: url.searchParams.get('issuer'),
  };
}

/**
 * Reads `otpauth-migration://offline?data=…`, what Google Authenticator shows as QR codes to move accounts: a protocol
 * buffer of accounts. Undefined if it is none; accounts that count (HOTP) are left out.
 */
export function readMigration(uri: string): OtpAccount[] | undefined {
  const url = parsedUrl(uri);
  const data = url?.protocol === 'otpauth-migration:' ? url.searchParams.get('data') : null;
  if (data === null) return undefined;
  // A plus that was not escaped arrives as a blank.
  const payload = fieldsOf(Buffer.from(data.replaceAll(' ', '+'), 'base64'));
  const accounts = payload?.filter(({ number }) => number === 1).map(({ value }) => accountOf(value));
  if (!accounts?.every((account) => account !== undefined)) return undefined;
  return accounts.filter((account) => account !== 'counts');
}

const ALGORITHMS = ['SHA1', 'SHA1', 'SHA256', 'SHA512', 'MD5'];
const HOTP = 1;

function accountOf(value: Buffer | number): OtpAccount | 'counts' | undefined {
  const fields = Buffer.isBuffer(value) ? fieldsOf(value) : undefined;
  if (!fields) return undefined;
  const bytes = (wanted: number): Buffer | undefined => {
    const found = fields.find(({ number, value: held }) => number === wanted && Buffer.isBuffer(held));
    return found?.value as Buffer | undefined;
  };
  const enumerated = (wanted: number): number =>
    (fields.find(({ number, value: held }) => number === wanted && typeof held === 'number')?.value ??
      0) as number;
  if (enumerated(6) === HOTP) return 'counts';
  return {
    secret: base32(bytes(1) ?? Buffer.alloc(0)),
    algorithm: ALGORITHMS[enumerated(4)] ?? 'unknown',
    digits: enumerated(5) === 2 ? 8 : 6,
    periodSeconds: 30,
    issuer: bytes(3)?.toString() ?? null,
  };
}

interface Field {
  readonly number: number;
  readonly value: Buffer | number;
}

/** The fields of a protocol buffer message: varints and strings of bytes, which is all that this one has. */
function fieldsOf(message: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): number | undefined => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at];
      if (byte === undefined) return undefined;
      at += 1;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
    return undefined;
  };
  while (at < message.length) {
    const key = varint();
    const value = key === undefined ? undefined : varint();
    if (key === undefined || value === undefined) return undefined;
    const number = Math.floor(key / 8);
    if (key % 8 === 0) fields.push({ number, value });
    else if (key % 8 === 2 && at + value <= message.length) {
      fields.push({ number, value: message.subarray(at, at + value) });
      at += value;
    } else return undefined;
  }
  return fields;
}

function parsedUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}
