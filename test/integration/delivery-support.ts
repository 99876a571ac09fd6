import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { loadConfig } from '../../src/config';
import {
  Dispatcher,
  deliveryProviders,
  deliverySettings,
  type DeliveryProvider,
  type Message,
} from '../../src/delivery';
import { Metrics, createLog, type Sql } from '../../src/platform';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly raw: Buffer;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly afterMs?: number;
}

/** A carrier's server on loopback: remembers what it was sent, and answers what the test wants. */
export class Carrier {
  readonly seen: Seen[] = [];
  private readonly waiting = new Set<ServerResponse>();

  private constructor(
    private readonly server: Server,
    readonly url: string,
    /** `hang`: never. May be changed at any time. */
    public answer: (seen: Seen) => Answer | 'hang',
  ) {}

  static async open(answer: (seen: Seen) => Answer | 'hang'): Promise<Carrier> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const raw = Buffer.concat(chunks);
        const { method = '', url: path = '', headers } = request;
        carrier.take({ method, path, headers, raw, body: raw.toString() }, response);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const carrier = new Carrier(server, `http://127.0.0.1:${String(port)}`, answer);
    return carrier;
  }

  async close(): Promise<void> {
    this.waiting.forEach((response) => response.destroy());
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(seen: Seen, response: ServerResponse): void {
    this.seen.push(seen);
    const answer = this.answer(seen);
    if (answer === 'hang') return void this.waiting.add(response);
    const { status, body = '', type = 'application/json', headers, afterMs = 0 } = answer;
    setTimeout(() => response.writeHead(status, { 'content-type': type, ...headers }).end(body), afterMs);
  }
}

/** An address on loopback where nobody listens. */
export async function deadUrl(): Promise<string> {
  const carrier = await Carrier.open(() => 'hang');
  await carrier.close();
  return carrier.url;
}

/** The dispatcher with the providers that an environment asks for, a clock in the test's hand, and its log. */
export class Sending {
  now = new Date('2031-03-01T09:00:05.000Z');
  logged = '';
  readonly metrics = new Metrics();
  readonly providers: readonly DeliveryProvider[];
  readonly dispatcher: Dispatcher;

  constructor(environment: Readonly<Record<string, string>>, timeout = 2000) {
    const clock = { now: () => this.now };
    const config = loadConfig([deliverySettings], environment);
    this.providers = deliveryProviders(config, {} as Sql, clock).providers;
    const log = createLog('debug', { write: (line: string) => void (this.logged += line) });
    this.dispatcher = new Dispatcher(this.providers, this.metrics, log, clock, timeout);
  }

  send(message: Message, id = 'out_1') {
    return this.dispatcher.attempt(message, id);
  }

  /** What one provider has counted: messages sent, messages failed, tries that were timed, and its breaker. */
  async counted(provider: string): Promise<{ sent: number; failed: number; timed: number; breaker: number }> {
    const lines = (await this.metrics.registry.metrics()).split('\n');
    const value = (metric: string, ...labels: string[]): number => {
      const isIt = (line: string) =>
        line.startsWith(`${metric}{`) &&
        [`provider="${provider}"`, ...labels].every((label) => line.includes(label));
      return Number(lines.find(isIt)?.split(' ').at(-1) ?? 0);
    };
    return {
      sent: value('factorgate_provider_messages_total', 'outcome="sent"'),
      failed: value('factorgate_provider_messages_total', 'outcome="failed"'),
      timed: value('factorgate_provider_seconds_count'),
      breaker: value('factorgate_provider_breaker'),
    };
  }
}
