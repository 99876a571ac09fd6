import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema, type GraphQLSchema } from 'graphql';

/** The schema as `schema.graphql` prints it: what a client sees. */
export function printedSchema(): GraphQLSchema {
  return buildSchema(readFileSync(join(__dirname, '../../schema.graphql'), 'utf8'));
}
