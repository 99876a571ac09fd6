import { codeAt, parseOtpauth } from './totp';

// The seeds of RFC 6238, appendix B, in base32.
const SEEDS = {
  SHA1: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
  SHA256: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA',
  SHA512:
    'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA',
};

describe('an authenticator app in the terminal', () => {
  it.each([
    ['SHA1', 59, '94287082'],
    ['SHA256', 59, '46119246'],
    ['SHA512', 59, '90693936'],
    ['SHA1', 1111111109, '07081804'],
    ['SHA512', 20000000000, '47863826'],
  ] as const)('shows the codes of RFC 6238 (%s at %i)', async (algorithm, epoch, code) => {
    const factor = parseOtpauth(
      `otpauth://totp/a?secret=${SEEDS[algorithm]}&algorithm=${algorithm}&digits=8`,
    );
    expect((await codeAt(factor, new Date(epoch * 1000))).code).toBe(code);
  });

  it('assumes SHA-1, six digits and thirty seconds', async () => {
    const factor = parseOtpauth(`otpauth://totp/Example:ada@example.com?secret=${SEEDS.SHA1}&issuer=Example`);
    expect(factor).toMatchObject({ algorithm: 'SHA1', digits: 6, periodSeconds: 30 });
    expect(await codeAt(factor, new Date(59_000))).toEqual({ code: '287082', secondsLeft: 1 });
    expect((await codeAt(factor, new Date(60_000))).secondsLeft).toBe(30);
  });

  it.each([
    'https://example.com',
    'otpauth://hotp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&counter=1',
    'otpauth://totp/a',
    'otpauth://totp/a?secret=SECRET-0189',
    'otpauth://totp/a?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&digits=4',
  ])('refuses %s without repeating the secret', (uri) => {
    expect(() => parseOtpauth(uri)).toThrow();
    expect(() => parseOtpauth(uri)).not.toThrow(/SECRET-0189|GEZDGNBV/);
  });
});
