import { TOTP, base32, codeAt, inGroups, matchCode, otpauthUri } from './totp';

/** RFC 6238, Appendix B: the SHA-1 rows, with their eight digits. */
const VECTORS = [
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
] as const;
const SECRET = base32(Buffer.from('12345678901234567890'));
const at = (seconds: number): Date => new Date(seconds * 1000);

describe('TOTP', () => {
  it.each(VECTORS)('TOTP-02 computes the vector of RFC 6238 at %i s', async (seconds, code) => {
    expect(await codeAt(SECRET, at(seconds), 8)).toBe(code);
    expect(await codeAt(SECRET, at(seconds))).toBe(code.slice(-TOTP.digits));
  });

  it.each(VECTORS)(
    'TOTP-02 recognises it, with its step as a whole number, at %i s',
    async (seconds, code) => {
      const match = await matchCode(SECRET, code.slice(-TOTP.digits), at(seconds));
      expect(match).toEqual({ step: Math.floor(seconds / 30), driftSeconds: 0 });
    },
  );

  it('TOTP-03 recognises T-1, T and T+1 at both ends of a step, and nothing else', async () => {
    for (const second of [1_111_111_110, 1_111_111_139]) {
      for (const [steps, isNear] of [
        [-2, false],
        [-1, true],
        [0, true],
        [1, true],
        [2, false],
      ] as const) {
        const code = await codeAt(SECRET, at(second + steps * 30));
        const expected = isNear ? { step: 37_037_037 + steps, driftSeconds: steps * 30 } : undefined;
        expect([second, steps, await matchCode(SECRET, code, at(second))]).toEqual([second, steps, expected]);
      }
    }
  });

  it('TOTP-02 writes secrets as RFC 4648 base32 without padding', () => {
    expect(SECRET).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ');
    expect(inGroups(SECRET.slice(0, 10))).toBe('GEZD GNBV GY');
  });

  it('TOTP-02 makes a link that names issuer, account, secret and form', () => {
    const link = new URL(otpauthUri(SECRET, 'Example & Co', 'ada@example.com'));
    expect(decodeURIComponent(link.pathname)).toBe('/Example & Co:ada@example.com');
    expect(link.searchParams.get('secret')).toBe(SECRET);
    expect(link.searchParams.get('issuer')).toBe('Example & Co');
    for (const [name, usual] of [
      ['digits', '6'],
      ['period', '30'],
      ['algorithm', 'SHA1'],
    ]) {
      expect([null, usual]).toContain(link.searchParams.get(name as string));
    }
  });
});
