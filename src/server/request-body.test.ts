import { isTooDeep } from './request-body';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);

test('JSON may nest 32 levels deep, objects and lists alike', () => {
  expect(isTooDeep(nested(32))).toBe(false);
  expect(isTooDeep(nested(33))).toBe(true);
  expect(isTooDeep('{"a":'.repeat(33))).toBe(true);
  expect(isTooDeep(`${nested(20)},${nested(20)}`)).toBe(false);
});

test('brackets inside strings do not count, escaped quotes do not end one', () => {
  expect(isTooDeep(JSON.stringify('['.repeat(100)))).toBe(false);
  expect(isTooDeep(`"\\"${'['.repeat(100)}"`)).toBe(false);
  expect(isTooDeep(`"\\\\"${'['.repeat(33)}`)).toBe(true);
});
