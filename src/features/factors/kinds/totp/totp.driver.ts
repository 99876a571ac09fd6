import { after, seconds, type Chance } from '../../../../kernel';
import type { Keyring, Log, Sql } from '../../../../platform';
import type { FactorDriver, FactorRef, Issued, UserRef, Verdict } from '../../contract';
import { TOTP, base32, matchCode, matchTwo } from './totp';
import { addSecret, consumeResync, consumeStep, readSecret } from './totp.store';

/** What an enrollment keeps until it is confirmed. */
export interface KeptSecret {
  readonly secret: string;
  readonly issuer: string;
  readonly accountName: string;
}

const ENROLLMENT_SECONDS = 600;
const CHALLENGE_SECONDS = 300;

export const placeOf = (factor: FactorRef) => ({
  table: 'totp_secret',
  column: 'sealed_secret',
  row: factor.id,
  user: factor.userId,
});

/** Authenticator apps (RFC 6238). A time step is accepted once per device, and never an earlier one. */
export class TotpDriver implements FactorDriver<string> {
  constructor(
    private readonly sql: Sql,
    private readonly keyring: Keyring,
    private readonly chance: Chance,
    private readonly log: Log,
    private readonly issuer: string,
  ) {}

  enroll(user: UserRef): Promise<Issued> {
    const secret = base32(this.chance.bytes(TOTP.secretBytes));
    const kept: KeptSecret = { secret, issuer: this.issuer, accountName: user.email };
    return Promise.resolve({ lifeSeconds: ENROLLMENT_SECONDS, resendAfterSeconds: null, kept });
  }

  async activate(factor: FactorRef, kept: unknown, code: string, now: Date): Promise<Verdict> {
    const { secret } = kept as KeptSecret;
    const match = await matchCode(secret, code, now);
    if (!match) return { accepted: false, why: 'wrong code' };
    const sealed = this.keyring.seal(placeOf(factor), secret);
    return {
      accepted: true,
      label: 'Authenticator app',
      consume: (tx) => addSecret(tx, factor.id, sealed, match.step, match.driftSeconds),
    };
  }

  issue(): Promise<Issued> {
    return Promise.resolve({ lifeSeconds: CHALLENGE_SECONDS, resendAfterSeconds: null });
  }

  async verify(factor: FactorRef, _kept: unknown, code: string, now: Date): Promise<Verdict> {
    const stored = await readSecret(this.sql, factor.id);
    const secret = stored && this.opened(factor, stored.sealedSecret);
    if (!secret) return { accepted: false, why: 'no readable secret' };
    const { offsetSeconds } = stored;
    const match = await matchCode(secret, code, after(now, seconds(offsetSeconds)));
    if (!match) return { accepted: false, why: 'wrong code' };
    if (match.step <= Number(stored.lastStep)) return { accepted: false, why: 'replay' };
    return {
      accepted: true,
      consume: (tx) => consumeStep(tx, factor.id, match.step, offsetSeconds + match.driftSeconds),
    };
  }

  /** Finds the clock of an app that is up to a day off by two codes in a row (RFC 6238 §6). Never an earlier step. */
  async resync(factor: FactorRef, [first, second]: readonly [string, string]): Promise<Verdict> {
    const stored = await readSecret(this.sql, factor.id);
    const secret = stored && this.opened(factor, stored.sealedSecret);
    if (!secret) return { accepted: false, why: 'no readable secret' };
    const match = await matchTwo(secret, first, second, stored.now);
    if (!match) return { accepted: false, why: 'wrong code' };
    if (match.step <= Number(stored.lastStep)) return { accepted: false, why: 'replay' };
    return {
      accepted: true,
      consume: (tx) => consumeResync(tx, factor.id, match.step, match.driftSeconds),
    };
  }

  /** A secret that does not open was moved or altered in the database: never a sign-in, and an alarm. */
  opened(factor: FactorRef, sealed: string): string | undefined {
    try {
      return this.keyring.open(placeOf(factor), sealed).toString();
    } catch (error) {
      this.log.error(
        { factorId: factor.id, error: (error as Error).message },
        'a sealed secret does not open',
      );
      return undefined;
    }
  }
}
