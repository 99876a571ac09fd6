import { render, type Message } from '../../../../delivery';
import { after, emailKey, maskedEmail, seconds, type Clock } from '../../../../kernel';
import type { Keyring } from '../../../../platform';
import {
  RESEND_AFTER_SECONDS,
  chargeSend,
  type AddressProver,
  type AddressRequest,
  type ChargeUse,
  type Issued,
  type KeptCode,
  type SentCodes,
  type Verdict,
} from '../../contract';
import { ADDRESS_LIMITS } from './email-limits';

/** Longer than a factor's: nothing else stands before it. */
export const ADDRESS_DIGITS = 8;
const LIFE_SECONDS = 600;

/**
 * Proves addresses by a code. Whether an address is known shows only in the message: a decoy is counted, kept and sent
 * as a code is, and no answer to it is right.
 */
export class AddressCodes implements AddressProver<string> {
  constructor(
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly codes: SentCodes,
    private readonly chargeUse: ChargeUse,
    private readonly gatewayName: string,
    private readonly host: string,
  ) {}

  /** Refuses with RATE_LIMITED; then nothing is sent. */
  async issue({ email, locale, decoy }: AddressRequest): Promise<Issued> {
    await chargeSend(this.chargeUse, this.keyring, [
      [emailKey(email) ?? email, ADDRESS_LIMITS.hour, ADDRESS_LIMITS.day],
    ]);
    const { code, kept } = this.codes.make(ADDRESS_DIGITS, email);
    const about = { app: this.gatewayName, host: this.host };
    const said =
      decoy === null
        ? render('emailCode', locale, { ...about, code, minutes: String(LIFE_SECONDS / 60) })
        : render(decoy === 'ACCOUNT_EXISTS' ? 'accountExists' : 'noAccount', locale, about);
    const message: Message = {
      channel: 'email',
      to: email,
      ...said,
      expiresAt: after(this.clock.now(), seconds(LIFE_SECONDS)),
    };
    return {
      lifeSeconds: LIFE_SECONDS,
      resendAfterSeconds: RESEND_AFTER_SECONDS,
      kept: decoy === null ? kept : this.codes.decoy(ADDRESS_DIGITS, email),
      sentTo: maskedEmail(email),
      send: [message],
    };
  }

  verify(kept: unknown, code: string): Promise<Verdict> {
    const isRight = this.codes.matches(kept as KeptCode, code);
    return Promise.resolve(isRight ? { accepted: true } : { accepted: false, why: 'wrong code' });
  }
}
