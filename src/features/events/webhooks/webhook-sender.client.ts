import { lookup, type LookupAddress } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import type { LookupFunction } from 'node:net';
import { seconds } from '../../../kernel';
import { within } from '../../../platform';
import type { WebhookAddresses } from './webhook-address';

const TIMEOUT = seconds(5);
const ANSWER_BYTES_MAX = 64 * 1024;

/** What a receiver answered, or why it could not be asked. */
export type WebhookAnswer = { readonly status: number } | { readonly fault: string };

/**
 * Posts to addresses that administrators name. What is judged is the address that is connected to, not that of an earlier
 * question to the DNS; no redirect is followed, and no proxy asked.
 */
export class WebhookSender {
  constructor(
    private readonly addresses: WebhookAddresses,
    private readonly timeoutMs = TIMEOUT,
  ) {}

  async post(
    address: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<WebhookAnswer> {
    const url = new URL(address);
    const fault = this.addresses.faultOf(url);
    if (fault !== undefined) return { fault: `the URL ${fault}` };
    try {
      return {
        status: await within(this.timeoutMs, (signal) =>
          statusOf(url, { method: 'POST', headers, signal, agent: false, lookup: this.lookup }, body),
        ),
      };
    } catch (error) {
      const { code, message } = error as { code?: string; message: string };
      return { fault: code !== undefined && code !== 'ABORT_ERR' ? code : message };
    }
  }

  private readonly lookup: LookupFunction = (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error: Error | null, found: LookupAddress[]) => {
      if (error) return callback(error, '');
      const [first] = found;
      if (!first || !found.every(({ address }) => this.addresses.isReachable(address)))
        return callback(new Error('the name stands for an address that is not public'), '');
      if (options.all) return callback(null, found);
      callback(null, first.address, first.family);
    });
  };
}

/** Settles when the answer is over: a receiver that is hung up on may take that for a failure. */
function statusOf(url: URL, options: RequestOptions, body: string): Promise<number> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      let read = 0;
      response.on('data', (chunk: Buffer) => {
        read += chunk.length;
        if (read > ANSWER_BYTES_MAX) sent.destroy();
      });
      response.on('error', () => undefined);
      response.on('close', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
