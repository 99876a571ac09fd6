import type { Twilio } from 'twilio';
import { seconds } from '../../kernel';
import { failureOfConnection, failureOfStatus } from '../delivery-failure';
import type { DeliveryProvider } from '../provider';

const TIMEOUT = seconds(5);

export interface TwilioOptions {
  readonly accountSid: string;
  readonly authToken: string;
  readonly sender: { readonly from: string } | { readonly messagingServiceSid: string };
  readonly endpoint?: string;
}

/** SMS through Twilio's REST API. Its SDK is loaded with the first message, and does not repeat by itself. */
export function twilioSms(options: TwilioOptions): DeliveryProvider {
  let client: Promise<Twilio> | undefined;
  return {
    name: 'twilio',
    channel: 'sms',
    async send({ to, text }) {
      const twilio = await (client ??= connect(options));
      try {
        await twilio.messages.create({ to, body: text, ...options.sender });
      } catch (error) {
        const { status, code, message } = error as {
          status?: number;
          code?: number | string;
          message?: string;
        };
        if (typeof status !== 'number') throw failureOfConnection(error);
        throw failureOfStatus(status, `${String(code ?? '')} ${message ?? ''}`);
      }
    },
  };
}

async function connect({ accountSid, authToken, endpoint }: TwilioOptions): Promise<Twilio> {
  const { default: twilio } = await import('twilio');
  class Client extends twilio.RequestClient {
    /** The SDK knows only Twilio's own hosts. */
    override request: typeof twilio.RequestClient.prototype.request = (request) => {
      const { pathname, search } = new URL(request.uri);
      const uri = endpoint ? `${endpoint}${pathname}${search}` : request.uri;
      return super.request({ ...request, uri });
    };
  }
  const httpClient = new Client({ timeout: TIMEOUT, autoRetry: false });
  return twilio(accountSid, authToken, { httpClient, autoRetry: false });
}
