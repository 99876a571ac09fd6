import 'reflect-metadata';
import {
  lexicographicSortSchema,
  printSchema,
  type GraphQLInputObjectType,
  type GraphQLSchema,
} from 'graphql';
import {
  buildSchemaSync,
  type ContainerType,
  type NonEmptyArray,
  type PubSub,
  type ResolverData,
} from 'type-graphql';
import { features } from './features';
import type { RequestContext } from './platform';

const DESCRIPTION = `Sign people in with a second factor, from any front end.

**Fewest calls**

1. \`signIn\` checks the password and, unless told not to, starts the best challenge at once.
2. Subscribe to \`authFlow\` (or poll the query of the same name). It sends the present state first, then each change.
3. Code: \`verifyChallenge\`. Push: just wait.
4. If the payload has \`tokens\`, you are done. If the status is \`VERIFIED\` (a phone answered), call \`completeAuthFlow\` within a minute.

Look at \`AuthFlow.status\` only: each value says which mutation comes next.`;

/** TypeGraphQL wants a bus; every subscription of ours brings its own stream, so this one is never asked. */
const noBus: PubSub = {
  publish: () => undefined,
  subscribe: () => {
    throw new Error('subscriptions bring their own stream');
  },
};

/** Resolver instances belong to an app, and come with the request. */
const container: ContainerType = {
  get: (resolver, data): object =>
    (data as ResolverData<RequestContext>).context.resolvers.get(resolver as never),
};

let built: GraphQLSchema | undefined;

/** The schema of all features. It holds no state and knows no app, so one per process is enough. */
export function gatewaySchema(): GraphQLSchema {
  built ??= build();
  return built;
}

function build(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: features.flatMap((feature) => [...(feature.resolvers ?? [])]) as unknown as NonEmptyArray<
      () => void
    >,
    orphanedTypes: features.flatMap((feature) => [...(feature.orphanedTypes ?? [])]),
    container,
    pubSub: noBus,
    // Meaning is checked in the features (zod), so that all mistakes come back at once in `errors`.
    validate: false,
    emitSchemaFile: false,
  });
  (schema.getType('ProofInput') as GraphQLInputObjectType).isOneOf = true;
  schema.description = DESCRIPTION;
  return schema;
}

/** `schema.graphql`, sorted, so that a difference is a difference of the API. */
export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(gatewaySchema()))}\n`;
