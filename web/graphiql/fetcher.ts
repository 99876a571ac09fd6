/**
 * Sends what GraphiQL runs to `/graphql` of this host: queries and mutations by POST, subscriptions by
 * `graphql-transport-ws`. A socket has no headers, so `authorization` travels as a connection parameter.
 */
import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';

const socketUrl = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`;

/** `onReply` sees the result of every query and mutation. */
export function createFetcher(onReply: (reply: unknown) => void): Fetcher {
  return async (params, options) => {
    // A client connects only when it subscribes, so one per request always has the header as it stands.
    const result = await createGraphiQLFetcher({
      url: '/graphql',
      enableIncrementalDelivery: false,
      wsClient: createClient({ url: socketUrl, connectionParams: connectionParamsOf(options?.headers) }),
    })(params, options);
    onReply(result);
    return result;
  };
}

function connectionParamsOf(headers: Record<string, unknown> | undefined): Record<string, unknown> {
  const entry = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization');
  return entry ? { authorization: entry[1] } : {};
}
