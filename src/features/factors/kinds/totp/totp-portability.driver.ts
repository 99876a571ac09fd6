import { z } from 'zod';
import { shortText, type Keyring, type Sql } from '../../../../platform';
import { faultOf, type Arrival, type ArrivedFactor, type FactorRef, type Portability } from '../../contract';
import { readMigration, readOtpauth, type OtpAccount } from './otpauth';
import { TOTP, otpauthUri } from './totp';
import { placeOf, type TotpDriver } from './totp.driver';
import { addImported, readSecret } from './totp.store';

const STEP_MAX = 2 ** 40;
const DAY_SECONDS = 86_400;

const form = z
  .strictObject({
    kind: z.literal('TOTP'),
    label: shortText(60).nullish(),
    uri: z.string().max(2000).optional(),
    /** Of Google Authenticator; it may hold accounts of other services. */
    migration: z.string().max(8000).optional(),
    /** Only the accounts of this issuer. */
    issuer: z.string().max(100).optional(),
    lastStep: z.int().min(0).max(STEP_MAX).default(0),
    offsetSeconds: z.int().min(-DAY_SECONDS).max(DAY_SECONDS).default(0),
  })
  .refine(({ uri, migration }) => (uri === undefined) !== (migration === undefined), 'give uri or migration');

/** Authenticator apps keep their secret: the same app goes on showing the right codes. */
export class TotpPortability implements Portability {
  constructor(
    private readonly keyring: Keyring,
    private readonly driver: TotpDriver,
    private readonly issuer: string,
  ) {}

  read(entry: object): Arrival {
    const parsed = form.safeParse(entry);
    if (!parsed.success) return { fault: faultOf(parsed.error) };
    const { uri, migration = '', issuer, label, lastStep, offsetSeconds } = parsed.data;
    const single = uri === undefined ? undefined : readOtpauth(uri);
    const read = uri === undefined ? readMigration(migration) : single && [single];
    if (!read)
      return { fault: uri === undefined ? 'migration: cannot be read' : 'uri: is no otpauth://totp/ URI' };
    const accounts = read.filter((account) => issuer === undefined || account.issuer === issuer);
    if (accounts.length === 0) return { fault: 'holds no account of an authenticator app' };
    const fault = accounts.map(faultOfAccount).find((found) => found !== undefined);
    if (fault !== undefined) return { fault };
    return {
      factors: accounts.map(({ secret }): ArrivedFactor => ({
        label: label ?? 'Authenticator app',
        store: (tx, factor) =>
          addImported(tx, {
            factorId: factor.id,
            sealedSecret: this.keyring.seal(placeOf(factor), secret),
            lastStep,
            offsetSeconds,
          }),
      })),
    };
  }

  async write(sql: Sql, factor: FactorRef) {
    const stored = await readSecret(sql, factor.id);
    const secret = stored && this.driver.opened(factor, stored.sealedSecret);
    if (!secret) return undefined;
    return {
      uri: otpauthUri(secret, this.issuer, factor.label ?? this.issuer),
      lastStep: Number(stored.lastStep),
      offsetSeconds: stored.offsetSeconds,
    };
  }
}

const SECRET_SIGNS_MIN = 26;
const SECRET_SIGNS_MAX = 103;

/** Codes of other forms could not be checked here, and secrets under 128 bits are none (RFC 4226 §4, R6). */
function faultOfAccount({ secret, algorithm, digits, periodSeconds }: OtpAccount): string | undefined {
  if (!/^[A-Z2-7]+$/.test(secret)) return 'the secret is not base32';
  if (secret.length < SECRET_SIGNS_MIN) return 'the secret has less than 128 bits';
  if (secret.length > SECRET_SIGNS_MAX) return 'the secret is too long';
  if (algorithm !== 'SHA1') return `codes by ${algorithm.slice(0, 10)} cannot be checked here, only by SHA1`;
  if (digits !== TOTP.digits) return 'codes of another length than 6 digits cannot be checked here';
  if (periodSeconds !== TOTP.periodSeconds) return 'codes of another period than 30 s cannot be checked here';
  return undefined;
}
