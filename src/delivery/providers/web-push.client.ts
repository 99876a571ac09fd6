import { lookup, type LookupAddress } from 'node:dns';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest, type RequestOptions } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { z } from 'zod';
import type { Clock } from '../../kernel';
import { DeliveryFailure, failureOfConnection, failureOfStatus } from '../delivery-failure';
import type { DeliveryProvider } from '../provider';
import { isPublicAddress } from './public-address';
import { secondsLeft } from './seconds-left';

export interface WebPushOptions {
  readonly vapid: { readonly publicKey: string; readonly privateKey: string; readonly subject: string };
  /** The endpoint is a stranger's word: only https to public addresses. Off outside production. */
  readonly isGuarded: boolean;
}

/** What a browser gives for `PushSubscription.toJSON()`. */
const subscriptionShape = z.object({
  endpoint: z.url({ protocol: /^https?$/ }),
  keys: z.object({ p256dh: z.string(), auth: z.string() }),
});

/**
 * Push to browsers (RFC 8030), encrypted for the browser (RFC 8291) and signed by this gateway (RFC 8292). Who
 * registers a browser names the address that is called: in production only public ones are, by the address that
 * is really connected to, and no redirect is followed.
 */
export function webPush({ vapid, isGuarded }: WebPushOptions, clock: Clock): DeliveryProvider {
  return {
    name: 'web-push',
    channel: 'push',
    serves: ({ target }) => target?.platform === 'WEB',
    async send({ target, data, expiresAt }, _, signal) {
      const subscription = subscriptionOf(target?.pushToken ?? '');
      const url = new URL(subscription.endpoint);
      if (isGuarded) guard(url);
      const { default: library } = await import('web-push');
      const { headers, body } = requestOf(() =>
        library.generateRequestDetails(subscription, JSON.stringify(data ?? {}), {
          vapidDetails: vapid,
          TTL: secondsLeft(expiresAt, clock.now()),
          urgency: 'high',
        }),
      );
      const options = { method: 'POST', headers, signal, lookup: isGuarded ? guardedLookup : undefined };
      const status = await statusOf(url, options as RequestOptions, body).catch((error: unknown) => {
        throw failureOfConnection(error);
      });
      if (status === 404 || status === 410)
        throw new DeliveryFailure('GONE', `${String(status)} the subscription is gone`);
      if (status < 200 || status > 299) throw failureOfStatus(status, '');
    },
  };
}

function subscriptionOf(pushToken: string): z.infer<typeof subscriptionShape> {
  try {
    return subscriptionShape.parse(JSON.parse(pushToken));
  } catch {
    throw new DeliveryFailure('GONE', 'the push token is no subscription');
  }
}

/** The library throws on keys that are none; its words would quote them. */
function requestOf<T>(make: () => T): T {
  try {
    return make();
  } catch {
    throw new DeliveryFailure('GONE', 'nothing can be encrypted with the keys of the subscription');
  }
}

const refused = () => new DeliveryFailure('REJECTED', 'the push endpoint is no public https address');

/** A host that is an address is never looked up, so it is judged here. */
function guard(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol !== 'https:' || (isIP(host) > 0 && !isPublicAddress(host))) throw refused();
}

/** Judges the addresses that the connection is made to, not those of an earlier question. */
const guardedLookup: LookupFunction = (host, options, callback) => {
  lookup(host, { ...options, all: true }, (error: Error | null, addresses: LookupAddress[]) => {
    if (error) return callback(error, '');
    const [first] = addresses;
    if (!first || !addresses.every(({ address }) => isPublicAddress(address))) return callback(refused(), '');
    if (options.all) return callback(null, addresses);
    callback(null, first.address, first.family);
  });
};

function statusOf(url: URL, options: RequestOptions, body: Buffer | null): Promise<number> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      response.resume();
      response.on('error', reject);
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(body ?? undefined);
  });
}
