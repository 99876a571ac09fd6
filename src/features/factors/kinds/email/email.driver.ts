import { render, type Message } from '../../../../delivery';
import { Refusal, after, emailKey, maskedEmail, seconds, type Clock } from '../../../../kernel';
import { addressKey, type Keyring, type Log, type Sql } from '../../../../platform';
import {
  RESEND_AFTER_SECONDS,
  chargeSend,
  type Address,
  type ChallengeRequest,
  type ChargeUse,
  type EnrollmentInput,
  type FactorDriver,
  type FactorRef,
  type Issued,
  type KeptCode,
  type SentCodes,
  type UserRef,
  type Verdict,
} from '../../contract';
import { addAddress, addressesOf, readAddress, type StoredAddress } from './email-address.store';
import { EMAIL_LIMITS } from './email-limits';

export const EMAIL_DIGITS = 6;

interface EmailOptions {
  readonly codeSeconds: number;
  readonly gatewayName: string;
  readonly host: string;
}

interface Send {
  readonly userId: string;
  /** Null: an enrollment, which no flow need hold. */
  readonly flowId: string | null;
  readonly ipAddress: string | null;
}

const placeOf = (row: Pick<StoredAddress, 'factorId' | 'userId'>) => ({
  table: 'email_address',
  column: 'sealed_address',
  row: row.factorId,
  user: row.userId,
});

/** The row of an address that was proven. */
export function addressRow(keyring: Keyring, { id, userId }: FactorRef, address: string) {
  const row = { factorId: id, userId };
  return {
    ...row,
    sealedAddress: keyring.seal(placeOf(row), address),
    addressMac: keyring.mac('code', ['email-address', userId, emailKey(address) ?? address]),
  };
}

/** Codes sent by e-mail. Two spellings of one address are one address. */
export class EmailDriver implements FactorDriver<string> {
  constructor(
    private readonly sql: Sql,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly codes: SentCodes,
    private readonly chargeUse: ChargeUse,
    private readonly options: EmailOptions,
  ) {}

  /** Refuses with INVALID_INPUT, FACTOR_ALREADY_ENROLLED or RATE_LIMITED; then nothing is sent. */
  async enroll(user: UserRef, input: EnrollmentInput): Promise<Issued> {
    const address = (input.email ?? user.email).normalize('NFKC').trim();
    const key = emailKey(address);
    if (!key)
      throw new Refusal('INVALID_INPUT', {
        path: ['input', 'email'],
        message: 'This is no e-mail address.',
      });
    const held = await this.reach(this.sql, user.id);
    if (held.some(({ to }) => emailKey(to) === key)) throw new Refusal('FACTOR_ALREADY_ENROLLED');
    const send = { userId: user.id, flowId: null, ipAddress: input.context.ipAddress };
    return this.send(address, send, user.locale, this.options.gatewayName);
  }

  activate(factor: FactorRef, kept: unknown, code: string): Promise<Verdict> {
    const sent = kept as KeptCode;
    if (!this.codes.matches(sent, code)) return Promise.resolve({ accepted: false, why: 'wrong code' });
    const row = addressRow(this.keyring, factor, sent.to);
    return Promise.resolve({
      accepted: true,
      hint: maskedEmail(sent.to),
      label: 'E-mail address',
      consume: (tx) => addAddress(tx, row),
    });
  }

  /** Refuses with RATE_LIMITED; then nothing is sent. */
  async issue(factor: FactorRef, request: ChallengeRequest): Promise<Issued> {
    const stored = await readAddress(this.sql, factor.id);
    const address = stored && this.opened(stored);
    if (!address) throw new Refusal('FACTOR_NOT_AVAILABLE', {}, 'no readable address');
    const send = {
      userId: factor.userId,
      flowId: request.flowId,
      ipAddress: request.context.ipAddress,
    };
    const template = request.purpose === 'CALLER_CHECK' ? 'emailCallerCheck' : 'emailCode';
    return this.send(address, send, request.locale, request.applicationName, template);
  }

  verify(_factor: FactorRef, kept: unknown, code: string): Promise<Verdict> {
    const isRight = this.codes.matches(kept as KeptCode, code);
    return Promise.resolve(isRight ? { accepted: true } : { accepted: false, why: 'wrong code' });
  }

  /** The proven addresses of a user. */
  async reach(sql: Sql, userId: string): Promise<Address[]> {
    return (await addressesOf(sql, userId)).flatMap((stored) => {
      const to = this.opened(stored);
      return to ? [{ channel: 'email', to }] : [];
    });
  }

  private async send(
    address: string,
    send: Send,
    locale: string | null,
    app: string,
    template: 'emailCode' | 'emailCallerCheck' = 'emailCode',
  ): Promise<Issued> {
    const { userId, flowId, ipAddress } = send;
    await chargeSend(this.chargeUse, this.keyring, [
      [flowId, EMAIL_LIMITS.flow],
      [userId, EMAIL_LIMITS.userHour, EMAIL_LIMITS.userDay],
      [emailKey(address) ?? address, EMAIL_LIMITS.addressHour, EMAIL_LIMITS.addressDay],
      [ipAddress && addressKey(ipAddress), EMAIL_LIMITS.network],
    ]);
    const { codeSeconds, host } = this.options;
    const { code, kept } = this.codes.make(EMAIL_DIGITS, address);
    const message: Message = {
      channel: 'email',
      to: address,
      ...render(template, locale, { app, code, host, minutes: String(Math.floor(codeSeconds / 60)) }),
      expiresAt: after(this.clock.now(), seconds(codeSeconds)),
    };
    return {
      lifeSeconds: codeSeconds,
      resendAfterSeconds: RESEND_AFTER_SECONDS,
      kept,
      sentTo: maskedEmail(address),
      send: [message],
    };
  }

  /** An address that does not open was moved or altered in the database: nothing is sent to it, and it is an alarm. */
  opened(stored: StoredAddress): string | undefined {
    try {
      return this.keyring.open(placeOf(stored), stored.sealedAddress).toString();
    } catch (error) {
      this.log.error(
        { factorId: stored.factorId, error: (error as Error).message },
        'a sealed address does not open',
      );
      return undefined;
    }
  }
}
