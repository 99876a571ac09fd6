import { Refusal } from '../../../../kernel';
import { maskedNumber, numberHint, prefixOf, readPhoneNumber } from './phone-number';

const COUNTRIES = ['US', 'GB', 'CH', 'DE', 'AT', 'FR'];
const read = (text: string, country: string | null = null) => readPhoneNumber(text, country, COUNTRIES);

describe('phone numbers', () => {
  it.each([
    ['+41 79 123 45 67', null, '+41791234567', 'CH'],
    ['+41791234567', 'US', '+41791234567', 'CH'],
    ['0041 79 123 45 67', null, '+41791234567', 'CH'],
    ['0041 79 123 45 67', 'US', '+41791234567', 'CH'],
    ['011 41 79 123 45 67', 'US', '+41791234567', 'CH'],
    ['079 123 45 67', 'CH', '+41791234567', 'CH'],
    ['+41 (0)79 123 45 67', null, '+41791234567', 'CH'],
    ['+41-79-123-45-67', null, '+41791234567', 'CH'],
    ['+41.79.123.45.67', null, '+41791234567', 'CH'],
    ['  +41 79 123 45 67  ', null, '+41791234567', 'CH'],
    ['＋４１ ７９ １２３ ４５ ６７', null, '+41791234567', 'CH'],
    ['(202) 555-0142', 'US', '+12025550142', 'US'],
    ['1 202 555 0142', 'US', '+12025550142', 'US'],
    ['+49 (0)151 23456789', null, '+4915123456789', 'DE'],
    ['0664 1234567', 'AT', '+436641234567', 'AT'],
    ['06 12 34 56 78', 'FR', '+33612345678', 'FR'],
    ['+44 (0)7400 123456', null, '+447400123456', 'GB'],
  ])('SMS-06 reads %j (%s) as %s', async (text, country, e164, found) => {
    expect(await read(text, country)).toEqual({ e164, country: found });
  });

  it.each([
    ['+1 900 555 0199', 'premium rate'],
    ['+41 900 123456', 'premium rate'],
    ['+41 848 123456', 'shared cost'],
    ['+41 800 123456', 'toll-free'],
    ['+44 70 1234 5678', 'a personal number that redirects'],
    ['+1 500 555 0123', 'a personal number that redirects'],
    ['+44 55 1234 5678', 'a universal access number'],
    ['+41 860 79 123 45 67', 'a voicemail'],
    ['+44 76 1234 5678', 'a pager'],
    ['+44 7700 900123', 'given to nobody'],
    ['+1 555 555 5555', 'given to nobody'],
    ['+41 79 123 45', 'too short'],
    ['+41 79 123 45 67 89', 'too long'],
    ['+41 79 123 45 67 ext. 5', 'an extension'],
    ['+882 16 1234567', 'of no country'],
    ['+800 1234 5678', 'of no country'],
    ['+90 532 123 45 67', 'of a country that is not listed'],
    ['+44 7911 123456', 'of Guernsey, which shares the code of a listed country'],
    ['079 123 45 67', 'national without a country'],
    ['call +41 79 123 45 67 now', 'in a sentence'],
    ['+41 79 123 45 67, +41 79 123 45 68', 'two numbers'],
    ['', 'nothing'],
    ['ada@example.com', 'no number'],
  ])('SMS-06 refuses %j: %s', async (text) => {
    const error = await read(text).catch((refused: unknown) => refused);
    expect(error).toBeInstanceOf(Refusal);
    expect((error as Refusal).faults).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'phoneNumber'] },
    ]);
  });

  it('SMS-07 shows the last two digits and no more', () => {
    expect([numberHint('+41791234567'), maskedNumber('+41791234567')]).toEqual(['•••• 67', '•••• •• 67']);
    expect(prefixOf('+41791234567')).toBe('+4179123');
  });

  it('SMS-06 allows nothing where no country is listed', async () => {
    await expect(readPhoneNumber('+41 79 123 45 67', null, [])).rejects.toThrow(Refusal);
  });
});
