import { createHmac } from 'node:crypto';
import { unixSeconds, type Clock } from '../../kernel';
import { failureOfConnection, failureOfStatus } from '../delivery-failure';
import type { DeliveryProvider } from '../provider';

export interface HttpSmsOptions {
  readonly url: string;
  /** `whsec_` and the key in base64. */
  readonly secret: string;
}

/**
 * SMS through a service of one's own: `{id, to, text}` as JSON, signed by the Standard Webhooks scheme, so that
 * the service can tell that it comes from here and is not a repetition. Any 2xx means taken.
 */
export function httpSms({ url, secret }: HttpSmsOptions, clock: Clock): DeliveryProvider {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  return {
    name: 'http',
    channel: 'sms',
    async send({ to, text }, id, signal) {
      const body = JSON.stringify({ id, to, text });
      const timestamp = String(unixSeconds(clock.now()));
      const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': timestamp,
        'webhook-signature': `v1,${signature}`,
      };
      // A redirect could lead the code elsewhere.
      const request = { method: 'POST', headers, body, signal, redirect: 'manual' } as const;
      const response = await fetch(url, request).catch((error: unknown) => {
        throw failureOfConnection(error);
      });
      // The reply says no more than its status; unread, it would hold the connection.
      await response.body?.cancel();
      if (!response.ok) throw failureOfStatus(response.status, response.statusText);
    },
  };
}
