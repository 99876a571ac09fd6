import type { GraphQLSchema } from 'graphql';
import type { Config } from '../kernel';
import type { Caller, CookieJar, FormRoute, JsonRoute, Log, Metrics, RequestContext } from '../platform';

/** What the server knows of one request, before any feature looks at it. */
export interface RequestFacts {
  readonly requestId: string;
  /** The client's address, proxies already taken into account. */
  readonly ipAddress: string | undefined;
  readonly userAgent: string | undefined;
  /** The `Authorization` header, or the `authorization` of a socket's connection parameters. */
  readonly authorization: string | undefined;
  readonly cookies: CookieJar | null;
}

/** The built application, as the server sees it. `app.ts` makes it. */
export interface GatewayApp {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly schema: GraphQLSchema;
  readonly routes: readonly JsonRoute[];
  readonly pages: readonly FormRoute[];
  /** Mutations of which a document may hold only one. */
  readonly authenticationMutations: ReadonlySet<string>;
  context(facts: RequestFacts): RequestContext;
  /** Whether a caller accepted earlier may still be served: false once the session or device is revoked. */
  isStanding(caller: Caller): Promise<boolean>;
  /** Whether the database answers. */
  isReady(): Promise<boolean>;
  close(): Promise<void>;
}
