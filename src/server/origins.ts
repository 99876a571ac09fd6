import type { IncomingHttpHeaders } from 'node:http';
import type { Config } from '../kernel';
import { httpSettings } from '../platform';

/**
 * The origins whose pages may call the gateway: PUBLIC_URL, CORS_ORIGINS and, in development, the server's
 * own.
 */
export class Origins {
  private readonly allowed: Set<string>;

  constructor(private readonly config: Config) {
    const { publicUrl, corsOrigins } = config.of(httpSettings);
    this.allowed = new Set(corsOrigins);
    if (publicUrl) this.allowed.add(new URL(publicUrl).origin);
  }

  /** The port is known once the server listens. */
  listensOn(port: number): void {
    if (this.config.isProduction) return;
    this.allowed.add(`http://localhost:${String(port)}`);
    this.allowed.add(`http://127.0.0.1:${String(port)}`);
  }

  /** Exact comparison: no sub-domains, no suffixes, and `null` is nobody. */
  allows(origin: string): boolean {
    return this.allowed.has(origin);
  }

  /**
   * Whether a browser page sent this from an allowed origin. A request of no browser has no origin to show.
   */
  isAllowedPage(headers: IncomingHttpHeaders): boolean {
    if (headers.origin !== undefined) return this.allows(headers.origin);
    return headers['sec-fetch-site'] === 'same-origin';
  }
}
