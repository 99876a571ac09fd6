import { Keyring, newKeyringLine, parseKeyring, systemChance } from '../../../platform';
import { SentCodes, typedCode } from './sent-code';

const keysOf = (line: string) => {
  const parsed = parseKeyring(line);
  return 'keys' in parsed ? parsed.keys : [];
};
const oldLine = newKeyringLine(systemChance, 'v1');
const keyring = new Keyring(keysOf(oldLine), systemChance);
const codes = new SentCodes(keyring, systemChance);
const TO = '+12025550100';

/** χ² of ten counts against all alike: nine degrees of freedom. */
const chiSquare = (counts: readonly number[]): number => {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
};
/** Exceeded by chance once in a million. */
const CHI_SQUARE_MAX = 46;

describe('codes that are sent', () => {
  it('SMS-01 of 10,000, each digit is as frequent as the others in each place, zeros in front too', () => {
    const made = Array.from({ length: 10_000 }, () => codes.make(6, TO).code);
    expect(made.filter((code) => !/^[0-9]{6}$/.test(code))).toEqual([]);
    for (let place = 0; place < 6; place += 1) {
      const counts = Array<number>(10).fill(0);
      for (const code of made) counts[Number(code[place])] = (counts[Number(code[place])] ?? 0) + 1;
      expect(chiSquare(counts)).toBeLessThan(CHI_SQUARE_MAX);
    }
    expect(made.filter((code) => code.startsWith('0')).length).toBeGreaterThan(800);
    expect(new Set(made).size).toBeGreaterThan(9_800);
  });

  it('SMS-02 are recognised by what is kept, which holds no code and differs for one code sent twice', () => {
    const always = { ...systemChance, below: () => 7 };
    const fixed = new SentCodes(keyring, always);
    const [one, other] = [fixed.make(6, TO), fixed.make(6, TO)];
    expect([one.code, other.code]).toEqual(['000007', '000007']);
    expect(one.kept.mac).not.toBe(other.kept.mac);
    expect(codes.matches(one.kept, '000007')).toBe(true);
    expect(JSON.stringify(one.kept)).not.toContain('000007');
    for (const wrong of ['000008', '00000007', '7', '']) expect(codes.matches(one.kept, wrong)).toBe(false);
  });

  it('SMS-02 belong to their destination and salt', () => {
    const { code, kept } = codes.make(6, TO);
    const other = codes.make(6, TO).kept;
    expect(codes.matches({ ...kept, to: '+12025550101' }, code)).toBe(false);
    expect(codes.matches({ ...kept, salt: other.salt }, code)).toBe(false);
    expect(codes.matches({ ...kept, mac: '' }, code)).toBe(false);
  });

  it('live through a new key, and end with theirs', () => {
    const { code, kept } = codes.make(6, TO);
    const newLine = newKeyringLine(systemChance, 'v2');
    const after = (line: string) => new SentCodes(new Keyring(keysOf(line), systemChance), systemChance);
    expect(after(`${newLine},${oldLine}`).matches(kept, code)).toBe(true);
    expect(after(newLine).matches(kept, code)).toBe(false);
  });

  it('ENU-03 a decoy looks the same and is matched by nothing', () => {
    const { kept } = codes.make(8, 'a@example.com');
    const decoy = codes.decoy(8, 'a@example.com');
    const shape = (of: object) =>
      Object.entries(of).map(([name, value]) => [name, typeof value, String(value).length]);
    expect(shape(decoy)).toEqual(shape(kept));
    for (let tries = 0; tries < 1000; tries += 1) {
      expect(codes.matches(decoy, String(systemChance.below(1e8)).padStart(8, '0'))).toBe(false);
    }
  });

  it.each([
    ['123456', '123456'],
    [' 123 456 ', '123456'],
    ['12-34-56', '123456'],
    ['1234 5678', '12345678'],
  ])('reads %j as typed by people', (typed, code) => {
    expect(typedCode(6, 8).parse(typed)).toBe(code);
  });

  it.each([
    '',
    '12345',
    '1234567',
    '123456789',
    '12345a',
    '１２３４５６',
    '123\t456',
    '+123456',
    '1'.repeat(65),
  ])('refuses %j as malformed', (typed) => {
    const parsed = typedCode(6, 8).safeParse(typed);
    expect(parsed.success).toBe(false);
  });

  it('says which lengths there are', () => {
    expect(typedCode(6, 8).safeParse('1').error?.issues[0]?.message).toBe(
      'The code has six or eight digits.',
    );
    expect(typedCode(6).safeParse('12345678').error?.issues[0]?.message).toBe('The code has six digits.');
  });
});
