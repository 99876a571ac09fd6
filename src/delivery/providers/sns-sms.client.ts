import type { SNSClient } from '@aws-sdk/client-sns';
import { failureOfConnection, failureOfStatus } from '../delivery-failure';
import type { DeliveryProvider } from '../provider';

export interface SnsOptions {
  readonly region: string;
  /** Without it: the role of the machine or container. */
  readonly accessKey?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly endpoint?: string;
  readonly senderId?: string;
}

/** SMS through Amazon SNS, as transactional messages. Its SDK is loaded with the first message and tries once. */
export function snsSms(options: SnsOptions): DeliveryProvider {
  let client: Promise<SNSClient> | undefined;
  return {
    name: 'sns',
    channel: 'sms',
    async send({ to, text }, _, abortSignal) {
      const { PublishCommand } = await import('@aws-sdk/client-sns');
      const sns = await (client ??= connect(options));
      const attribute = (value: string) => ({ DataType: 'String', StringValue: value });
      const command = new PublishCommand({
        PhoneNumber: to,
        Message: text,
        MessageAttributes: {
          'AWS.SNS.SMS.SMSType': attribute('Transactional'),
          ...(options.senderId ? { 'AWS.SNS.SMS.SenderID': attribute(options.senderId) } : {}),
        },
      });
      try {
        await sns.send(command, { abortSignal });
      } catch (error) {
        const { $metadata, name, message } = error as Error & { $metadata?: { httpStatusCode?: number } };
        const status = $metadata?.httpStatusCode;
        if (status === undefined) throw failureOfConnection(error);
        throw failureOfStatus(status, `${name} ${message}`);
      }
    },
  };
}

async function connect({ region, accessKey, endpoint }: SnsOptions): Promise<SNSClient> {
  const { SNSClient } = await import('@aws-sdk/client-sns');
  return new SNSClient({ region, endpoint, credentials: accessKey, maxAttempts: 1 });
}
