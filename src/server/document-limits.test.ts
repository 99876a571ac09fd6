import { getIntrospectionQuery, parse } from 'graphql';
import { brokenLimit, type DocumentRules } from './document-limits';

const rules: DocumentRules = {
  isIntrospectionOn: true,
  authenticationMutations: new Set(['signIn', 'verifyChallenge']),
};
const broken = (text: string, given: Partial<DocumentRules> = {}): string | undefined =>
  brokenLimit(parse(text), { ...rules, ...given });

const times = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ');
const nested = (levels: number): string => `${'a { '.repeat(levels - 1)}a${' }'.repeat(levels - 1)}`;

test('a document at every limit passes', () => {
  expect(broken(`{ ${nested(8)} }`)).toBeUndefined();
  expect(broken(`{ f { ${times(10, (index) => `x${index}: a`)} } }`)).toBeUndefined();
  expect(broken(`{ ${times(5, (index) => `f${index}`)} }`)).toBeUndefined();
  expect(broken(`{ f { a ${'@skip(if: true) '.repeat(20)} } }`)).toBeUndefined();
  expect(broken(`{ f { ${'a '.repeat(499)} } }`)).toBeUndefined();
});

test.each([
  ['depth', `{ ${nested(9)} }`],
  ['aliases', `{ f { ${times(11, (index) => `x${index}: a`)} } }`],
  ['root fields', `{ ${times(6, (index) => `f${index}`)} }`],
  ['directives', `{ f { a ${'@skip(if: true) '.repeat(21)} } }`],
  ['selections', `{ f { ${'a '.repeat(500)} } }`],
  ['directives on variables', `query (${times(21, (index) => `$v${index}: Int @d`)}) { f }`],
])('one more than the limit of %s is refused', (_limit, text) => {
  expect(broken(text)).toEqual(expect.any(String));
});

test('fragments hide nothing: each limit counts what they bring where they are spread', () => {
  expect(broken(`{ a { a { a { a { ...F } } } } } fragment F on T { ${nested(5)} }`)).toContain('deep');
  expect(
    broken(`{ f { ...F } g { ...F } } fragment F on T { ${times(6, (index) => `x${index}: a`)} }`),
  ).toContain('alias');
  expect(broken(`{ ...F ...G } fragment F on Q { a b c } fragment G on Q { d e f }`)).toContain('root');
  expect(broken(`{ a { ...F } b { ...F } } fragment F on T { ${'a '.repeat(260)} }`)).toContain('selections');
  expect(broken(`mutation { ...F ... on Mutation { signIn } } fragment F on Mutation { signIn }`)).toContain(
    'one auth',
  );
});

test('a document holds one authentication mutation, over all its operations', () => {
  expect(broken('mutation A { signIn other }')).toBeUndefined();
  expect(broken('mutation A { a: signIn b: signIn }')).toContain('one authentication mutation');
  expect(broken('mutation A { signIn } mutation B { verifyChallenge }')).toContain(
    'one authentication mutation',
  );
  expect(broken('query A { signIn { signIn } }')).toBeUndefined();
});

test('introspection is free of the depth limit where it is on, and nothing else is', () => {
  expect(broken(getIntrospectionQuery())).toBeUndefined();
  expect(
    broken(getIntrospectionQuery({ oneOf: true, schemaDescription: true, specifiedByUrl: true })),
  ).toBeUndefined();
  expect(broken(`{ __schema { ${nested(20)} } }`)).toBeUndefined();
  expect(broken(`{ __schema { ${nested(20)} } ${nested(9)} }`)).toContain('deep');
  expect(
    broken('{ ...F } fragment F on Query { __type(name: "T") { name } }', { isIntrospectionOn: false }),
  ).toBe('Introspection is off.');
});

test('a fan-out of 2^25 selections and a fragment cycle are answered at once', () => {
  const fan = times(25, (index) => `fragment F${index} on T { ...F${index + 1} ...F${index + 1} }`);
  const cycle = 'fragment A on T { a { ...B } } fragment B on T { a { ...A ...B } }';
  const before = process.cpuUsage();
  expect(broken(`{ f { ...F0 } } ${fan} fragment F25 on T { a }`)).toContain('selections');
  expect(broken(`{ f { ...A } } ${cycle}`)).toContain('deep');
  expect(process.cpuUsage(before).user / 1000).toBeLessThan(100);
});
