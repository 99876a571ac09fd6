import type { JsonRoute } from '../../platform';
import type { SigningKeys } from './signing-keys.service';

/** How long services may keep the keys; a new key is published longer than that before it signs. */
const JWKS_SECONDS = 300;

/**
 * What services need to verify access tokens. The discovery document (OpenID Connect Discovery 1.0 §3) holds
 * only what is true here: issuer and keys. There is no authorization endpoint, since front ends sign people
 * in by GraphQL.
 */
export const sessionRoutes = (keys: Pick<SigningKeys, 'jwks'>, issuer: string): JsonRoute[] => [
  { path: '/.well-known/jwks.json', maxAgeSeconds: JWKS_SECONDS, answer: () => keys.jwks() },
  {
    path: '/.well-known/openid-configuration',
    maxAgeSeconds: JWKS_SECONDS,
    answer: () =>
      Promise.resolve({
        issuer,
        jwks_uri: `${issuer}/.well-known/jwks.json`,
        response_types_supported: [],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['ES256'],
        acr_values_supported: ['aal1', 'aal2', 'aal2-phr'],
        claims_supported: [
          'iss',
          'sub',
          'aud',
          'client_id',
          'iat',
          'exp',
          'jti',
          'sid',
          'auth_time',
          'acr',
          'amr',
          'roles',
        ],
      }),
  },
];
