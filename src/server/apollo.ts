import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { RequestContext } from '../platform';
import type { Documents } from './documents';
import type { GatewayApp } from './gateway-app';
import { headOf, responseType } from './http-answer';
import { publicError } from './public-error';

const DIGEST_LENGTH = 64;

/**
 * Apollo Server, which runs queries and mutations. What it could tell about itself or the schema is off,
 * whatever the environment holds; documents come checked from our own store, so its unlimited parser sees
 * none.
 */
export async function startApollo(
  app: GatewayApp,
  documents: Documents,
): Promise<ApolloServer<RequestContext>> {
  const apollo = new ApolloServer<RequestContext>({
    schema: app.schema,
    introspection: !app.config.isProduction,
    nodeEnv: app.config.isProduction ? 'production' : 'development',
    csrfPrevention: true,
    allowBatchedHttpRequests: false,
    persistedQueries: false,
    hideSchemaDetailsFromClientErrors: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    logger: app.log,
    documentStore: {
      // Its key ends with the SHA-256 of the text.
      get: (key) => Promise.resolve(documents.byDigest(key.slice(-DIGEST_LENGTH))),
      set: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    },
    // The last net: `publicAnswers` replaces this wherever there is a request to answer.
    formatError: () => ({ message: 'Something went wrong.', extensions: { code: 'INTERNAL_SERVER_ERROR' } }),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      publicAnswers(app),
    ],
  });
  await apollo.start();
  return apollo;
}

/** Puts the public errors of the request, and the status that fits them, into Apollo's answer. */
function publicAnswers({ log }: GatewayApp): ApolloServerPlugin<RequestContext> {
  return {
    // Both would be a fault of ours: bodies are checked before Apollo sees them, and a context asks nobody.
    contextCreationDidFail: ({ error }) =>
      Promise.resolve(log.error({ error: error.message }, 'no request context')),
    invalidRequestWasReceived: ({ error }) =>
      Promise.resolve(log.error({ error: error.message }, 'refused by Apollo')),
    requestDidStart: () =>
      Promise.resolve({
        willSendResponse({ request, response, errors, contextValue }) {
          if (response.body.kind === 'single') {
            const scope = { requestId: contextValue.requestId, log };
            const result = response.body.singleResult;
            if (errors) result.errors = errors.map((error) => publicError(error, scope));
            const head = headOf(result, responseType(request.http?.headers.get('accept')));
            response.http.status = head.status;
            for (const [name, value] of Object.entries(head.headers)) response.http.headers.set(name, value);
          }
          return Promise.resolve();
        },
      }),
  };
}
