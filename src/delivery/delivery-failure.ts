/**
 * `REFUSED`: surely not taken; later, or another provider, may help. `REJECTED`: surely not taken, and this
 * provider never will. `UNCERTAIN`: may have been taken. `GONE`: the destination exists no more.
 */
export type FailureKind = 'REFUSED' | 'REJECTED' | 'UNCERTAIN' | 'GONE';

/** What a provider says of a message that it did not take. */
export class DeliveryFailure extends Error {
  override readonly name = 'DeliveryFailure';
  constructor(
    readonly kind: FailureKind,
    message: string,
  ) {
    super(message);
  }
}

/** The connection was never made, or nothing was sent over it yet. */
const BEFORE_SENDING = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPROTO',
  'UND_ERR_CONNECT_TIMEOUT',
]);
const CERTIFICATE = /^(?:CERT_|SELF_SIGNED|DEPTH_ZERO|UNABLE_TO_|ERR_TLS_|HOSTNAME_MISMATCH)/;

/** A proxy that answers so has lost sight of the request; who is behind it may have taken the message. */
const LOST_SIGHT = new Set([408, 502, 504]);
/** Not about this message: wrong credentials, too many requests. */
const NOT_ABOUT_THE_MESSAGE = new Set([401, 403, 429]);

/** What an HTTP status outside 2xx says. */
export function failureOfStatus(status: number, text: string): DeliveryFailure {
  const message = `${String(status)} ${text}`.trim();
  if (LOST_SIGHT.has(status)) return new DeliveryFailure('UNCERTAIN', message);
  const isAboutTheMessage = status >= 400 && status < 500 && !NOT_ABOUT_THE_MESSAGE.has(status);
  return new DeliveryFailure(isAboutTheMessage ? 'REJECTED' : 'REFUSED', message);
}

/** An error of the connection: certain only if nothing can have been sent. */
export function failureOfConnection(error: unknown): DeliveryFailure {
  if (error instanceof DeliveryFailure) return error;
  let cause = error as Linked | undefined;
  for (let depth = 0; cause && depth < CAUSES_MAX; depth += 1, cause = cause.cause as Linked | undefined) {
    const codes = [cause.code, WORDED.exec(cause.message ?? '')?.[1]];
    const code = codes.find((known): known is string => typeof known === 'string' && isBeforeSending(known));
    if (code) return new DeliveryFailure('REFUSED', code);
  }
  return new DeliveryFailure('UNCERTAIN', (error as Error).message);
}

const isBeforeSending = (code: string): boolean => BEFORE_SENDING.has(code) || CERTIFICATE.test(code);

/** `fetch` hides the socket's error in the cause of its own. */
interface Linked {
  readonly code?: unknown;
  readonly message?: string;
  readonly cause?: unknown;
}
const CAUSES_MAX = 5;
/** An SDK that wraps an error may keep no more than its words. */
const WORDED = /\b(?:connect|getaddrinfo) (E[A-Z_]+)\b/;
