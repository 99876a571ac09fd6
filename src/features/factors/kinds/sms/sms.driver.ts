import { render, type Message } from '../../../../delivery';
import { Refusal, after, seconds, type Clock } from '../../../../kernel';
import type { Keyring, Log, Sql, UnitOfWork } from '../../../../platform';
import {
  RESEND_AFTER_SECONDS,
  type Address,
  type ChallengeRequest,
  type EnrollmentInput,
  type FactorDriver,
  type FactorRef,
  type Issued,
  type KeptCode,
  type SentCodes,
  type UserRef,
  type Verdict,
} from '../../contract';
import { maskedNumber, numberHint, readPhoneNumber, type PhoneNumber } from './phone-number';
import { addNumber, numbersOf, readNumber, type StoredNumber } from './sms-number.store';
import type { Send, SmsSends } from './sms-sends.service';
import { countUsed } from './sms-traffic.store';

export const SMS_DIGITS = 6;

/** What an enrollment or a challenge keeps of the code that it sent. */
interface KeptSms extends KeptCode {
  readonly country: string;
  /** The day that the SMS counts for. */
  readonly day: string;
}

interface SmsOptions {
  readonly countries: readonly string[];
  readonly codeSeconds: number;
  readonly gatewayName: string;
  /** Browsers fill the code in on pages of this host only (origin-bound one-time codes). */
  readonly host: string;
}

const placeOf = (row: Pick<StoredNumber, 'factorId' | 'userId'>) => ({
  table: 'sms_number',
  column: 'sealed_number',
  row: row.factorId,
  user: row.userId,
});

/** The row of a number that was proven. */
export function numberRow(keyring: Keyring, { id, userId }: FactorRef, { e164, country }: PhoneNumber) {
  const row = { factorId: id, userId, country };
  return {
    ...row,
    sealedNumber: keyring.seal(placeOf(row), e164),
    numberMac: keyring.mac('code', ['sms-number', userId, e164]),
  };
}

/** Codes sent by SMS: out-of-band over the telephone network, a restricted authenticator (NIST SP 800-63B §3.1.3.3). */
export class SmsDriver implements FactorDriver<string> {
  constructor(
    private readonly sql: Sql,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly codes: SentCodes,
    private readonly sends: SmsSends,
    private readonly options: SmsOptions,
  ) {}

  /** Refuses with INVALID_INPUT, FACTOR_ALREADY_ENROLLED, RATE_LIMITED or DELIVERY_FAILED; then nothing is sent. */
  async enroll(user: UserRef, input: EnrollmentInput): Promise<Issued> {
    if (input.phoneNumber === null)
      throw new Refusal('INVALID_INPUT', {
        path: ['input', 'phoneNumber'],
        message: 'Please give a number.',
      });
    const number = await readPhoneNumber(input.phoneNumber, input.defaultCountry, this.options.countries);
    const held = await this.reach(this.sql, user.id);
    if (held.some(({ to }) => to === number.e164)) throw new Refusal('FACTOR_ALREADY_ENROLLED');
    const send = { userId: user.id, flowId: null, ipAddress: input.context.ipAddress };
    return this.send(number, send, user.locale, this.options.gatewayName);
  }

  activate(factor: FactorRef, kept: unknown, code: string): Promise<Verdict> {
    const sent = kept as KeptSms;
    if (!this.codes.matches(sent, code)) return Promise.resolve({ accepted: false, why: 'wrong code' });
    const row = numberRow(this.keyring, factor, { e164: sent.to, country: sent.country });
    return Promise.resolve({
      accepted: true,
      hint: numberHint(sent.to),
      label: 'Phone number',
      consume: async (tx) => {
        if (!(await addNumber(tx, row))) return false;
        await this.used(tx, sent);
        return true;
      },
    });
  }

  /** Refuses with RATE_LIMITED or DELIVERY_FAILED; then nothing is sent. */
  async issue(factor: FactorRef, request: ChallengeRequest): Promise<Issued> {
    const stored = await readNumber(this.sql, factor.id);
    const e164 = stored && this.opened(stored);
    if (!e164) throw new Refusal('FACTOR_NOT_AVAILABLE', {}, 'no readable number');
    if (!this.options.countries.includes(stored.country))
      throw new Refusal('DELIVERY_FAILED', {}, 'the country is no longer listed');
    const send = {
      userId: factor.userId,
      flowId: request.flowId,
      ipAddress: request.context.ipAddress,
    };
    const number = { e164, country: stored.country };
    const template = request.purpose === 'CALLER_CHECK' ? 'smsCallerCheck' : 'smsCode';
    return this.send(number, send, request.locale, request.applicationName, template);
  }

  verify(_factor: FactorRef, kept: unknown, code: string): Promise<Verdict> {
    const isRight = this.codes.matches(kept as KeptSms, code);
    return Promise.resolve(isRight ? { accepted: true } : { accepted: false, why: 'wrong code' });
  }

  /** The proven numbers of a user, in countries that may be sent to. */
  async reach(sql: Sql, userId: string): Promise<Address[]> {
    return (await numbersOf(sql, userId)).flatMap((stored) => {
      const to = this.options.countries.includes(stored.country) ? this.opened(stored) : undefined;
      return to ? [{ channel: 'sms', to }] : [];
    });
  }

  async used(tx: UnitOfWork, kept: unknown): Promise<void> {
    const { country, day } = kept as KeptSms;
    await countUsed(tx, country, day);
  }

  private async send(
    number: PhoneNumber,
    send: Send,
    locale: string | null,
    app: string,
    template: 'smsCode' | 'smsCallerCheck' = 'smsCode',
  ): Promise<Issued> {
    const { day, attempt } = await this.sends.charge(send, number);
    const { codeSeconds, host } = this.options;
    const { code, kept } = this.codes.make(SMS_DIGITS, number.e164);
    const keptSms: KeptSms = { ...kept, country: number.country, day };
    const message: Message = {
      channel: 'sms',
      to: number.e164,
      ...render(template, locale, { app, code, host }),
      attempt,
      expiresAt: after(this.clock.now(), seconds(codeSeconds)),
    };
    return {
      lifeSeconds: codeSeconds,
      resendAfterSeconds: RESEND_AFTER_SECONDS,
      kept: keptSms,
      sentTo: maskedNumber(number.e164),
      send: [message],
    };
  }

  /** A number that does not open was moved or altered in the database: nothing is sent to it, and it is an alarm. */
  opened(stored: StoredNumber): string | undefined {
    try {
      return this.keyring.open(placeOf(stored), stored.sealedNumber).toString();
    } catch (error) {
      this.log.error(
        { factorId: stored.factorId, error: (error as Error).message },
        'a sealed number does not open',
      );
      return undefined;
    }
  }
}
