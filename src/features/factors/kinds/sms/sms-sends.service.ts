import { Refusal } from '../../../../kernel';
import { addressKey, type Keyring, type Log, type Sql } from '../../../../platform';
import { chargeSend, type ChargeUse } from '../../contract';
import { prefixOf, type PhoneNumber } from './phone-number';
import { CONVERSION, countSent } from './sms-traffic.store';

const HOUR = 3600;
const DAY = 86_400;

/** How often codes may be sent: all of it is charged before the provider is called. */
const SMS_LIMITS = {
  /** A flow lives ten minutes. */
  flow: { name: 'sms-flow', count: 3, perSeconds: HOUR },
  userHour: { name: 'sms-user-hour', count: 5, perSeconds: HOUR },
  userDay: { name: 'sms-user-day', count: 10, perSeconds: DAY },
  numberHour: { name: 'sms-number-hour', count: 5, perSeconds: HOUR },
  numberDay: { name: 'sms-number-day', count: 10, perSeconds: DAY },
  address: { name: 'sms-address', count: 10, perSeconds: HOUR },
  prefix: { name: 'sms-prefix', count: 20, perSeconds: HOUR },
} as const;

const ALARM_AT = 0.8;

interface Budgets {
  readonly daily: number;
  readonly perCountry: number;
}

export interface Send {
  readonly userId: string;
  /** Null: an enrollment, which no flow need hold. */
  readonly flowId: string | null;
  readonly ipAddress: string | null;
}

interface Charged {
  readonly day: string;
  readonly attempt: number;
}

/** Guards against toll fraud: who may have a code sent where, and how often. */
export class SmsSends {
  constructor(
    private readonly sql: Sql,
    private readonly keyring: Keyring,
    private readonly chargeUse: ChargeUse,
    private readonly log: Log,
    private readonly budgets: Budgets,
  ) {}

  /**
   * Charges one SMS to everything that limits it; gives the day that it counts for, and how often its flow asked before.
   * Refuses with RATE_LIMITED, or with
   * DELIVERY_FAILED where a budget is used up or the country's codes are hardly ever used.
   */
  async charge({ userId, flowId, ipAddress }: Send, { e164, country }: PhoneNumber): Promise<Charged> {
    const counts = await chargeSend(this.chargeUse, this.keyring, [
      [flowId, SMS_LIMITS.flow],
      [userId, SMS_LIMITS.userHour, SMS_LIMITS.userDay],
      [e164, SMS_LIMITS.numberHour, SMS_LIMITS.numberDay],
      [ipAddress && addressKey(ipAddress), SMS_LIMITS.address],
      [prefixOf(e164), SMS_LIMITS.prefix],
    ]);
    const { daily, perCountry } = this.budgets;
    const { day, countrySent, totalSent } = await countSent(this.sql, country, this.budgets);
    if (countrySent === null || totalSent === null) {
      const why =
        countrySent === null ? 'budget of the country, or too few codes used there' : 'daily budget';
      this.log.warn({ country, day, why, conversion: CONVERSION }, 'an SMS was not sent: stopped for today');
      throw new Refusal('DELIVERY_FAILED', {}, why);
    }
    this.warnAt(countrySent, perCountry, country, day);
    this.warnAt(totalSent, daily, '*', day);
    return { day, attempt: (counts.get(SMS_LIMITS.flow.name) ?? 1) - 1 };
  }

  /** Counting goes one by one, so exactly one send of a day meets the mark. */
  private warnAt(sent: number, budget: number, country: string, day: string): void {
    if (sent === Math.ceil(budget * ALARM_AT))
      this.log.warn({ country, day, sent, budget }, 'four fifths of the SMS budget of today are used');
  }
}
