import { CompactEncrypt, importJWK, type JWK } from 'jose';

/** Encrypts one line to whoever holds the private key. */
export type Seal = (line: string) => Promise<string>;

const RSA_BITS_MIN = 2048;

/**
 * Reads a public JWK: EC (P-256, P-384, P-521) or X25519 by ECDH-ES+A256KW, RSA of 2,048 bits or more by RSA-OAEP-256
 * (RFC 7518 §4.3, §4.6). A private or a symmetric key is refused: whoever exports need not hold it.
 */
export async function readRecipient(
  text: string,
): Promise<{ readonly seal: Seal } | { readonly fault: string }> {
  const jwk = parsedJwk(text);
  if (!jwk) return { fault: 'the recipient is no JWK' };
  if ('d' in jwk || 'k' in jwk) return { fault: 'the recipient must be a public key' };
  const alg = algorithmOf(jwk);
  if (alg === undefined)
    return { fault: 'the recipient must be an EC, X25519 or RSA key (2,048 bits or more)' };
  try {
    const key = await importJWK(jwk, alg);
    const header = {
      alg,
      enc: 'A256GCM',
      cty: 'application/json',
      ...(typeof jwk.kid === 'string' ? { kid: jwk.kid } : {}),
    };
    return {
      seal: (line) => new CompactEncrypt(Buffer.from(line)).setProtectedHeader(header).encrypt(key),
    };
  } catch {
    return { fault: 'the recipient is no usable key' };
  }
}

function algorithmOf({ kty, crv, n }: JWK): string | undefined {
  if (kty === 'EC' && ['P-256', 'P-384', 'P-521'].includes(crv ?? '')) return 'ECDH-ES+A256KW';
  if (kty === 'OKP' && crv === 'X25519') return 'ECDH-ES+A256KW';
  const bits = Buffer.from(n ?? '', 'base64url').length * 8;
  return kty === 'RSA' && bits >= RSA_BITS_MIN ? 'RSA-OAEP-256' : undefined;
}

function parsedJwk(text: string): JWK | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'kty' in parsed ? (parsed as JWK) : undefined;
  } catch {
    return undefined;
  }
}
