import {
  RequestFault,
  hasRole,
  type AssuranceLevel,
  type ClientContext,
  type Place,
  type Role,
} from '../../kernel';

/** A signed-in user, as the presented access token proves: level and time are the token's, never the session's. */
export interface UserCaller {
  readonly kind: 'user';
  readonly userId: string;
  readonly sessionId: string;
  readonly clientId: string;
  readonly roles: readonly Role[];
  readonly assurance: AssuranceLevel;
  readonly authenticatedAt: Date;
}

/** A registered device that signed its request. */
export interface DeviceCaller {
  readonly kind: 'device';
  readonly deviceId: string;
  readonly factorId: string;
  readonly userId: string;
}

export type Caller = { readonly kind: 'anonymous' } | UserCaller | DeviceCaller;

/** Reads and sets the cookies of one reply; over a socket there are none. */
export interface CookieJar {
  get(name: string): string | undefined;
  set(name: string, value: string, maxAgeSeconds: number): void;
  drop(name: string): void;
}

/** The resolver instances of one app: the schema is built once per process and knows none of them. */
export interface Resolvers {
  get<T extends object>(resolver: new (...parts: never[]) => T): T;
}

/** What a resolver knows of its request, the same over HTTP, SSE and WebSocket. */
export interface RequestContext {
  readonly requestId: string;
  readonly resolvers: Resolvers;
  readonly client: ClientContext;
  /** Where the address is; null where the gateway cannot tell. */
  readonly place: Place | null;
  /** The address that limits count by: IPv4, or the /64 of an IPv6 address. */
  readonly addressKey: string;
  /** Null unless the caller asked for tokens in cookies, from an allowed origin. */
  readonly cookies: CookieJar | null;
  /** Who calls. Checked when first asked for; a bad credential is UNAUTHENTICATED, none at all is anonymous. */
  caller(): Promise<Caller>;
}

export async function signedIn(context: RequestContext): Promise<UserCaller> {
  const caller = await context.caller();
  if (caller.kind !== 'user') throw new RequestFault('UNAUTHENTICATED');
  return caller;
}

export async function asDevice(context: RequestContext): Promise<DeviceCaller> {
  const caller = await context.caller();
  if (caller.kind !== 'device') throw new RequestFault('UNAUTHENTICATED');
  return caller;
}

export async function withRole(context: RequestContext, role: Role): Promise<UserCaller> {
  const caller = await signedIn(context);
  if (!hasRole(caller.roles, role)) throw new RequestFault('FORBIDDEN');
  return caller;
}
