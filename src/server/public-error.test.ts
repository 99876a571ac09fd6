import {
  GraphQLError,
  type GraphQLScalarType,
  buildSchema,
  execute,
  parse,
  specifiedRules,
  validate,
} from 'graphql';
import { REQUEST_CODES, RequestFault } from '../kernel';
import { createLog } from '../platform';
import { codeOf, publicError, withoutValues } from './public-error';

const SECRET = 'hunter2';
const lines: string[] = [];
const scope = {
  requestId: 'r1',
  log: createLog('debug', { write: (line: string) => void lines.push(line) }),
};
beforeEach(() => lines.splice(0));

const schema = buildSchema(`
  type Query { f(input: In, inputs: [In!], color: Color, email: Email, one: One): String }
  input In { password: String! age: Int nested: In colors: [Color!] email: Email }
  input One @oneOf { a: Int b: Int }
  enum Color { RED GREEN }
  scalar Email
`);
const email = schema.getType('Email') as GraphQLScalarType;
email.parseValue = (value) => {
  throw new GraphQLError(`Not an e-mail address: ${String(value)}`);
};
email.parseLiteral = (node) => email.parseValue('value' in node ? node.value : null);

/** The public errors of variables that do not fit. */
async function refused(type: string, value: unknown): Promise<string[]> {
  const document = parse(`query ($v: ${type}) { f }`);
  const { errors = [] } = await execute({ schema, document, variableValues: { v: value } });
  return errors.map((error) => {
    const shown = publicError(error, scope);
    expect(codeOf(shown)).toBe('BAD_USER_INPUT');
    return shown.message;
  });
}

test.each([
  ['In', { password: [SECRET] }, 'Variable "$v" is not valid at "v.password".'],
  ['In', { password: SECRET, age: SECRET }, 'Variable "$v" is not valid at "v.age".'],
  [
    'In',
    { age: 1, email: null },
    'Variable "$v" is not valid. Field "password" of required type "String!" was not provided.',
  ],
  [
    'In',
    { password: SECRET, agee: 1 },
    'Variable "$v" is not valid. Field "agee" is not defined by type "In".',
  ],
  ['In', { password: SECRET, email: SECRET }, 'Variable "$v" is not valid at "v.email".'],
  ['In', { password: SECRET, colors: ['RED', SECRET] }, 'Variable "$v" is not valid at "v.colors[1]".'],
  [
    '[In!]',
    [{ password: null }],
    'Variable "$v" is not valid at "v[0].password". Expected non-nullable type "String!" not to be null.',
  ],
  ['In', SECRET, 'Variable "$v" is not valid. Expected type "In" to be an object.'],
  ['Color', SECRET, 'Variable "$v" is not valid.'],
  [
    'One',
    { a: 1, b: 2 },
    'Variable "$v" is not valid. Exactly one key must be specified for OneOf type "One".',
  ],
  ['In!', null, 'Variable "$v" of non-null type "In!" must not be null.'],
])(
  'GQL-08 a variable of type %s that does not fit (%j) is named without its value',
  async (type, value, message) => {
    const messages = await refused(type, value);
    expect(messages).toContain(message);
    expect(messages.join() + lines.join()).not.toContain(SECRET);
  },
);

test.each([
  `{ f(color: ${SECRET}) }`,
  `{ f(input: "${SECRET}") }`,
  `{ f(input: { password: 1, age: "${SECRET}" }) }`,
  `{ f(input: { password: ["${SECRET}"] }) }`,
  `{ f(inputs: "${SECRET}") }`,
  `{ f(email: "${SECRET}") }`,
  `query ($v: Int = "${SECRET}") { f }`,
])('GQL-08 a value inside a document is not repeated: %s', (text) => {
  const errors = validate(schema, parse(text), specifiedRules);
  expect(errors).not.toHaveLength(0);
  expect(errors.map(withoutValues).join()).not.toContain(SECRET);
});

test('GQL-08 a broken document is not repeated', () => {
  for (const text of [`{ f(a: "x" "${SECRET}") }`, `{ f """${SECRET}""" }`, `{ f "${SECRET}" }`]) {
    try {
      parse(text);
      throw new Error('it parsed');
    } catch (error) {
      expect((error as Error).message).toContain(SECRET);
      expect(withoutValues(error as GraphQLError)).not.toContain(SECRET);
      expect(withoutValues(error as GraphQLError)).toMatch(/^Syntax Error: /);
    }
  }
});

test('GQL-08 an unexpected error leaves as a code and an id, and its detail goes to the log', () => {
  const error = Object.assign(new Error('relation "vault" is gone'), {
    parameters: [SECRET],
    query: 'SELECT 1',
  });
  const shown = publicError(new GraphQLError('SELECT 1', { originalError: error, path: ['f'] }), scope);
  expect(shown).toEqual({
    message: 'Something went wrong.',
    path: ['f'],
    extensions: { code: 'INTERNAL_SERVER_ERROR', correlationId: 'r1' },
  });
  expect(lines.join()).toContain('relation \\"vault\\" is gone');
  expect(lines.join()).toContain('"requestId":"r1"');
  expect(lines.join()).not.toContain(SECRET);
});

test.each(REQUEST_CODES)('GQL-08 a fault of the code %s keeps it, and its detail stays inside', (code) => {
  const fault = new RequestFault(code, undefined, 'pg: connection refused');
  const shown = publicError(new GraphQLError('x', { originalError: fault }), scope);
  expect(codeOf(shown)).toBe(code);
  expect(JSON.stringify(shown)).not.toContain('pg:');
  expect(lines.join()).toContain('pg: connection refused');
});

test.each([
  [
    'a code of a library',
    new GraphQLError('x', {
      originalError: new GraphQLError('y', { extensions: { code: 'E42' } }),
      path: ['f'],
    }),
  ],
  ['a thrown text', SECRET],
  ['nothing at all', undefined],
])('GQL-08 %s never leaves', (_what, thrown) => {
  const shown = publicError(thrown, scope);
  expect(codeOf(shown)).toBe('INTERNAL_SERVER_ERROR');
  expect(JSON.stringify(shown) + lines.join()).not.toContain(SECRET);
});
