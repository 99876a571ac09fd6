import type { CookieSerializeOptions } from '@fastify/cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CookieJar } from '../platform';

/**
 * The cookies of one request and its reply. No script reads them and no other site makes a browser send them;
 * on https the `__Host-` prefix also keeps sub-domains from setting them (RFC 6265bis §4.1.3.2).
 */
export function cookieJar(request: FastifyRequest, reply: FastifyReply, isSecure: boolean): CookieJar {
  const nameOf = (name: string): string => (isSecure ? `__Host-${name}` : name);
  const options: CookieSerializeOptions = { path: '/', httpOnly: true, sameSite: 'strict', secure: isSecure };
  return {
    get: (name) => request.cookies[nameOf(name)],
    set: (name, value, maxAgeSeconds) =>
      void reply.setCookie(nameOf(name), value, { ...options, maxAge: maxAgeSeconds }),
    drop: (name) => void reply.clearCookie(nameOf(name), options),
  };
}
