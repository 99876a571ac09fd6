import { systemChance } from '../../../../platform';
import { canonical, inGroups, isCode, newCode } from './backup-code';

it('BKP-01 a thousand sets repeat no code, and use every sign of the alphabet about as often', () => {
  const codes = Array.from({ length: 10_000 }, () => newCode(systemChance, 3));
  expect(new Set(codes).size).toBe(10_000);
  const counts = new Map<string, number>();
  for (const sign of codes.join('')) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  expect([...counts.keys()].sort().join('')).toBe('0123456789ABCDEFGHJKMNPQRSTVWXYZ');
  // 120,000 signs over 32 values: chi squared has 31 degrees of freedom, and passes 80 once in 300,000 times.
  const expected = 120_000 / 32;
  const chi = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  expect(chi).toBeLessThan(80);
});

it('a code survives being written down, and nothing else passes for one', () => {
  for (const groups of [3, 4]) {
    const code = newCode(systemChance, groups);
    expect(inGroups(code)).toMatch(/^[^-]{4}(-[^-]{4})+$/);
    expect(canonical(inGroups(code).toLowerCase())).toBe(code);
    expect(isCode(code)).toBe(true);
  }
  expect(canonical('oil0-OIL1 abcd')).toBe('0110' + '0111' + 'ABCD');
  for (const text of ['', 'ABCD', 'ABCDEFGHJKM', 'ABCDEFGHJKMU', 'A'.repeat(20)])
    expect(isCode(text)).toBe(false);
});
