import { type GraphQLError, Kind, parse, validate, type OperationDefinitionNode } from 'graphql';
import { tour } from '../../web/graphiql/tour';
import { printedSchema } from './printed-schema';

const operationsOf = (query: string): OperationDefinitionNode[] =>
  parse(query).definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);

const nameOf = (query: string): string => operationsOf(query)[0]?.name?.value ?? '';

describe('the tour in GraphiQL', () => {
  const schema = printedSchema();

  it.each(tour.map((tab) => [nameOf(tab.query), tab] as const))(
    '%s is valid against the schema, with one operation and every variable filled in',
    (_name, { query, variables, headers }) => {
      expect(validate(schema, parse(query))).toEqual<GraphQLError[]>([]);

      const operations = operationsOf(query);
      expect(operations).toHaveLength(1);
      const declared = operations[0]?.variableDefinitions?.map(
        (definition) => definition.variable.name.value,
      );
      const given = JSON.parse(variables ?? '{}') as Record<string, string>;
      expect(Object.keys(given)).toEqual(declared);
      expect(Object.keys(JSON.parse(headers ?? '{}') as object)).toEqual(headers ? ['authorization'] : []);
    },
  );

  it('counts its steps, and copies only from earlier ones', () => {
    tour.forEach(({ query, variables = '', headers = '' }, index) => {
      expect(query).toContain(`# ${index + 1} of ${tour.length}. `);
      const sources = [...`${variables}${headers}`.matchAll(/of step (\d+)/g)].map((match) =>
        Number(match[1]),
      );
      for (const source of sources) expect(source).toBeLessThan(index + 1);
    });
  });

  it('has a name for every tab, and no two alike', () => {
    const names = tour.map((tab) => nameOf(tab.query));
    expect(names).not.toContain('');
    expect(new Set(names).size).toBe(names.length);
  });
});
