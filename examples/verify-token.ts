/**
 * How a service verifies Factorgate's access tokens, with nothing but jose. Copy it: it uses no other file.
 * The claims are explained in docs/guides/verify-tokens.md; test/scenarios/verify-token.test.ts runs this file.
 */
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';

export interface Caller {
  readonly userId: string;
  readonly sessionId: string;
  readonly roles: readonly string[];
  /** `aal1` for one factor, `aal2` for two, `aal2-phr` for two of which one resists phishing. */
  readonly acr: string;
  /** What was proven, RFC 8176, for example `['pwd', 'otp', 'mfa']`. */
  readonly amr: readonly string[];
  /** When it was proven, in seconds since 1970. */
  readonly authTime: number;
}

export interface VerifierOptions {
  /** `PUBLIC_URL` of the gateway, to the letter. */
  readonly issuer: string;
  /** `TOKEN_AUDIENCE` of the gateway; where that is not set, its `PUBLIC_URL`. */
  readonly audience: string;
  /** Default: `<issuer>/.well-known/jwks.json`. */
  readonly jwksUrl?: string;
}

/**
 * Makes the function that a service keeps: it fetches the keys once, again after five minutes, and again when a token
 * names a new key. It gives who calls; undefined means 401; it throws where the keys cannot be fetched, which means 503.
 */
export function accessTokenVerifier(
  options: VerifierOptions,
): (token: string) => Promise<Caller | undefined> {
  const { issuer, audience, jwksUrl = `${issuer}/.well-known/jwks.json` } = options;
  const keys = createRemoteJWKSet(new URL(jwksUrl), { cacheMaxAge: 300_000 });
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience,
        // Both are needed: another algorithm or another type of token may come from the same keys one day.
        algorithms: ['ES256'],
        typ: 'at+jwt',
        requiredClaims: ['sub', 'sid', 'exp', 'acr', 'amr', 'auth_time'],
        clockTolerance: 30,
      });
      return {
        userId: String(payload.sub),
        sessionId: String(payload['sid']),
        roles: texts(payload['roles']),
        acr: String(payload['acr']),
        amr: texts(payload['amr']),
        authTime: Number(payload['auth_time']),
      };
    } catch (error) {
      if (isTokensFault(error)) return undefined;
      throw error;
    }
  };
}

/** For what is sensitive: two factors, proven no longer ago than that. */
export const isFresh = (caller: Caller, secondsMax: number, nowSeconds: number): boolean =>
  caller.amr.includes('mfa') && nowSeconds - caller.authTime <= secondsMax;

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Everything that is wrong with the token itself, in contrast to keys that cannot be fetched. */
const isTokensFault = (error: unknown): boolean =>
  error instanceof errors.JWTClaimValidationFailed ||
  error instanceof errors.JWTExpired ||
  error instanceof errors.JWTInvalid ||
  error instanceof errors.JWSInvalid ||
  error instanceof errors.JWSSignatureVerificationFailed ||
  error instanceof errors.JOSEAlgNotAllowed ||
  error instanceof errors.JOSENotSupported ||
  error instanceof errors.JWKSNoMatchingKey;
