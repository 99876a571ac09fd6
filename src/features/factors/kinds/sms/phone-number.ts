import type { CountryCode, PhoneNumberType } from 'libphonenumber-js/max';
import { Refusal } from '../../../../kernel';

/** A number that may be sent to, in its one notation. */
export interface PhoneNumber {
  /** E.164. */
  readonly e164: string;
  /** ISO 3166. */
  readonly country: string;
}

/** What costs its caller no more than a call. Premium, shared-cost, pager and unallocated numbers are not among them. */
const PLAIN_TYPES: ReadonlySet<PhoneNumberType | undefined> = new Set([
  'MOBILE',
  'FIXED_LINE',
  'FIXED_LINE_OR_MOBILE',
  'VOIP',
] as const);

/**
 * Reads a number in any usual notation. Refuses with INVALID_INPUT what is no number, no number that can be given to a
 * person, or one of a country that is not listed.
 */
export async function readPhoneNumber(
  text: string,
  defaultCountry: string | null,
  countries: readonly string[],
): Promise<PhoneNumber> {
  // The plan of all countries takes 60 ms to load: only where numbers are really read.
  const { isSupportedCountry, parsePhoneNumberFromString } = await import('libphonenumber-js/max');
  const typed = text
    .normalize('NFKC')
    .trim()
    .replace(/^00(?=[1-9])/, '+');
  const given: CountryCode | undefined =
    defaultCountry !== null && isSupportedCountry(defaultCountry) ? defaultCountry : undefined;
  const number = parsePhoneNumberFromString(typed, { defaultCountry: given, extract: false });
  if (!number?.isValid() || number.ext !== undefined)
    throw refused('This is no phone number. Please write it with its country code, such as +41 79 …');
  if (!PLAIN_TYPES.has(number.getType())) throw refused('This number cannot get text messages.');
  const { country } = number;
  if (country === undefined || !countries.includes(country))
    throw refused('Text messages cannot be sent to this country.');
  return { e164: number.number, country };
}

const refused = (message: string): Refusal =>
  new Refusal('INVALID_INPUT', { path: ['input', 'phoneNumber'], message });

/** As a factor is shown: `•••• 42`. */
export const numberHint = (e164: string): string => `•••• ${e164.slice(-2)}`;

/** As a message's destination is shown: `•••• •• 42`. */
export const maskedNumber = (e164: string): string => `•••• •• ${e164.slice(-2)}`;

/** What whole blocks of numbers share, which toll fraud rents: all but the last four digits. */
export const prefixOf = (e164: string): string => e164.slice(0, -4);
