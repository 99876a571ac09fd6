import { z } from 'zod';
import { defineSettings, setting } from '../../../../kernel';

/** Where a fresh gateway outside production sends: to its own inbox, so it costs nothing. */
export const DEMO_COUNTRIES: readonly string[] = ['US', 'GB', 'DE', 'AT', 'CH', 'FR'];

const names = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' });
const isCountry = (code: string): boolean => code !== 'UK' && names.of(code) !== undefined;

export const smsSettings = defineSettings('sms', {
  countries: setting({
    env: 'SMS_COUNTRIES',
    about: `The countries that SMS may be sent to, as ISO 3166 codes joined by commas. None, or \`none\`: the kind SMS is off. Default: off in production, \`${DEMO_COUNTRIES.join(',')}\` outside it.`,
    example: 'CH,DE,AT',
    schema: z
      .string()
      .transform((text) =>
        text
          .split(',')
          .map((code) => code.trim().toUpperCase())
          .filter((code) => code !== '' && code !== 'NONE'),
      )
      .refine(
        (codes) => codes.every((code) => /^[A-Z]{2}$/.test(code) && isCountry(code)),
        'each must be an ISO 3166 code of two letters',
      )
      .optional(),
  }),
  codeSeconds: setting({
    env: 'SMS_CODE_SECONDS',
    about: 'How long a code sent by SMS is valid; at most 600 (NIST SP 800-63B §3.1.3.3).',
    example: '300',
    schema: z.coerce.number().int().min(60).max(600).default(300),
  }),
  dailyBudget: setting({
    env: 'SMS_DAILY_BUDGET',
    about:
      'How many SMS may be sent on a day (UTC) to all countries together; a warning is logged at 80 %, and at 100 % sending stops until the next day.',
    example: '1000',
    schema: z.coerce.number().int().min(1).max(10_000_000).default(1000),
  }),
  countryDailyBudget: setting({
    env: 'SMS_COUNTRY_DAILY_BUDGET',
    about: 'The same for each country by itself.',
    example: '300',
    schema: z.coerce.number().int().min(1).max(10_000_000).default(300),
  }),
});
