import { calculateJwkThumbprint, importJWK, type CryptoKey } from 'jose';
import { z } from 'zod';

/** How a device signs; `EdDSA` is always Ed25519 (RFC 8037). */
export type DeviceAlgorithm = 'ES256' | 'EdDSA';

/** Only the members that name the key (RFC 7638 §3.2). */
export type PublicJwk =
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
  | { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };

const NOT_A_KEY =
  'Must be the public JWK of an ES256 (P-256) or EdDSA (Ed25519) key, without its private part.';
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

// 32 bytes in their one canonical spelling: a second spelling would give the same key a second thumbprint.
const coordinate = z
  .string()
  .regex(/^[A-Za-z0-9_-]{43}$/)
  .refine((text) => Buffer.from(text, 'base64url').toString('base64url') === text);

const form = z.discriminatedUnion('kty', [
  z.object({
    kty: z.literal('EC'),
    crv: z.literal('P-256'),
    x: coordinate,
    y: coordinate,
    alg: z.literal('ES256').optional(),
    use: z.literal('sig').optional(),
  }),
  z.object({
    kty: z.literal('OKP'),
    crv: z.literal('Ed25519'),
    x: coordinate,
    alg: z.enum(['EdDSA', 'Ed25519']).optional(),
    use: z.literal('sig').optional(),
  }),
]);

/** A public key as a device sends it. Everything that does not name the key is left out of the result. */
export const publicJwk = z
  .record(z.string(), z.unknown(), NOT_A_KEY)
  .transform((given, context): PublicJwk => {
    const parsed = form.safeParse(given);
    if (!parsed.success || PRIVATE_MEMBERS.some((member) => member in given)) {
      context.addIssue({ code: 'custom', message: NOT_A_KEY });
      return z.NEVER;
    }
    const { kty, crv, x } = parsed.data;
    return kty === 'EC' ? { kty, crv, x, y: parsed.data.y } : { kty, crv, x };
  });

export const algorithmOf = (jwk: PublicJwk): DeviceAlgorithm => (jwk.kty === 'EC' ? 'ES256' : 'EdDSA');

/** RFC 7638, SHA-256, base64url. */
export const thumbprintOf = (jwk: PublicJwk): Promise<string> => calculateJwkThumbprint(jwk, 'sha256');

/** Throws if the coordinates are not a point of the curve. */
export const verificationKey = (jwk: PublicJwk): Promise<CryptoKey | Uint8Array> =>
  importJWK(jwk, algorithmOf(jwk));
