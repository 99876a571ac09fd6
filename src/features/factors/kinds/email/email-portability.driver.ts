import { z } from 'zod';
import { emailKey, maskedEmail } from '../../../../kernel';
import { shortText, type Keyring, type Sql } from '../../../../platform';
import { faultOf, type Arrival, type FactorRef, type Portability } from '../../contract';
import { addressRow, type EmailDriver } from './email.driver';
import { addAddress, readAddress } from './email-address.store';

const form = z.strictObject({
  kind: z.literal('EMAIL'),
  label: shortText(60).nullish(),
  address: z
    .string()
    .refine((text) => emailKey(text) !== undefined, 'is no e-mail address')
    .transform((text) => text.normalize('NFKC').trim()),
});

/** Addresses, proven where they come from. */
export class EmailPortability implements Portability {
  constructor(
    private readonly keyring: Keyring,
    private readonly driver: EmailDriver,
  ) {}

  read(entry: object): Arrival {
    const parsed = form.safeParse(entry);
    if (!parsed.success) return { fault: faultOf(parsed.error) };
    const { address, label } = parsed.data;
    return {
      factors: [
        {
          label: label ?? 'E-mail address',
          hint: maskedEmail(address),
          store: (tx, factor) => addAddress(tx, addressRow(this.keyring, factor, address)),
        },
      ],
    };
  }

  async write(sql: Sql, factor: FactorRef) {
    const stored = await readAddress(sql, factor.id);
    const address = stored && this.driver.opened(stored);
    return address ? { address } : undefined;
  }
}
