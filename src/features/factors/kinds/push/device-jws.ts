import { compactVerify, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { algorithmOf, verificationKey, type PublicJwk } from './device-key';

/** A compact JWS as a device sends it; longer than any that has a meaning here is not even decoded. */
export const compactJws = z
  .string()
  .max(4096, 'This is too long.')
  .regex(/^[\w-]+\.[\w-]+\.[\w-]+$/, 'Must be a compact JWS.');

/** What a JWS must be before its payload is looked at. */
export interface JwsRule<T> {
  readonly key: PublicJwk;
  readonly typ: string;
  /** Id of the device; none while it has no id yet. */
  readonly kid?: string;
  readonly payload: z.ZodType<T>;
}

export type Opened<T> = { readonly payload: T } | { readonly why: string };

/**
 * Checks header, signature and form of the payload (RFC 7515 §5.2). The algorithm is the registered key's,
 * never the header's choice (RFC 8725 §3.1).
 */
export async function openJws<T>(jws: string, rule: JwsRule<T>): Promise<Opened<T>> {
  if (!hasHeader(jws, rule)) return { why: 'wrong header' };
  try {
    const key = await verificationKey(rule.key);
    const { payload } = await compactVerify(jws, key, { algorithms: [algorithmOf(rule.key)] });
    const parsed = rule.payload.safeParse(JSON.parse(Buffer.from(payload).toString()));
    return parsed.success ? { payload: parsed.data } : { why: 'malformed payload' };
  } catch {
    return { why: 'wrong signature' };
  }
}

/** The members of a header or payload that nobody has verified yet; empty if there are none. */
export function unverified(jws: string, part: 'header' | 'payload'): Readonly<Record<string, unknown>> {
  try {
    if (part === 'header') return { ...decodeProtectedHeader(jws) };
    const value: unknown = JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString());
    return value !== null && typeof value === 'object' ? { ...value } : {};
  } catch {
    return {};
  }
}

// Exactly these members: no jwk, jku, x5u or crit may bring in a key or a rule of the sender's own.
function hasHeader(jws: string, rule: JwsRule<unknown>): boolean {
  const { alg, typ, kid, ...others } = unverified(jws, 'header');
  const isExact = Object.keys(others).length === 0;
  return isExact && alg === algorithmOf(rule.key) && typ === rule.typ && kid === rule.kid;
}
