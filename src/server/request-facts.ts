import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../kernel';
import { httpSettings } from '../platform';
import { cookieJar } from './cookie-jar';
import type { RequestFacts } from './gateway-app';
import type { Origins } from './origins';

/** Reads what a feature may know of an HTTP request. */
export class FactsReader {
  private readonly isSecure: boolean;

  constructor(
    config: Config,
    private readonly origins: Origins,
  ) {
    this.isSecure = config.of(httpSettings).publicUrl?.startsWith('https://') ?? false;
  }

  of(request: FastifyRequest, reply: FastifyReply): RequestFacts {
    const wantsCookies =
      request.headers['factorgate-tokens'] === 'cookie' && this.origins.isAllowedPage(request.headers);
    return {
      requestId: request.id,
      ipAddress: request.ip,
      userAgent: request.headers['user-agent'],
      authorization: request.headers.authorization,
      cookies: wantsCookies ? cookieJar(request, reply, this.isSecure) : null,
    };
  }

  /** For a socket: its credential comes later, and cookies never count. */
  ofSocket(request: FastifyRequest): RequestFacts {
    return {
      requestId: request.id,
      ipAddress: request.ip,
      userAgent: request.headers['user-agent'],
      authorization: undefined,
      cookies: null,
    };
  }
}
