import { z } from 'zod';
import { Refusal } from '../../../../kernel';
import { shortText, type Keyring, type Sql } from '../../../../platform';
import { faultOf, type Arrival, type FactorRef, type Portability } from '../../contract';
import { numberHint, readPhoneNumber, type PhoneNumber } from './phone-number';
import { numberRow, type SmsDriver } from './sms.driver';
import { addNumber, readNumber } from './sms-number.store';

const form = z.strictObject({
  kind: z.literal('SMS'),
  label: shortText(60).nullish(),
  phoneNumber: z.string().max(40),
});

/** Phone numbers, proven where they come from. */
export class SmsPortability implements Portability {
  constructor(
    private readonly keyring: Keyring,
    private readonly driver: SmsDriver,
    private readonly countries: readonly string[],
  ) {}

  async read(entry: object): Promise<Arrival> {
    const parsed = form.safeParse(entry);
    if (!parsed.success) return { fault: faultOf(parsed.error) };
    const number = await this.numberOf(parsed.data.phoneNumber);
    if ('fault' in number) return number;
    return {
      factors: [
        {
          label: parsed.data.label ?? 'Phone number',
          hint: numberHint(number.e164),
          store: (tx, factor) => addNumber(tx, numberRow(this.keyring, factor, number)),
        },
      ],
    };
  }

  async write(sql: Sql, factor: FactorRef) {
    const stored = await readNumber(sql, factor.id);
    const phoneNumber = stored && this.driver.opened(stored);
    return phoneNumber ? { phoneNumber } : undefined;
  }

  private async numberOf(text: string): Promise<PhoneNumber | { readonly fault: string }> {
    try {
      return await readPhoneNumber(text, null, this.countries);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { fault: `phoneNumber: ${error.faults[0]?.message ?? 'is none'}` };
    }
  }
}
