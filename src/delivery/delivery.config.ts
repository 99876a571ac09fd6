import { createPrivateKey } from 'node:crypto';
import { z } from 'zod';
import { defineSettings, setting, type Setting } from '../kernel';

export const SMS_PROVIDERS = ['twilio', 'sns', 'http', 'dev-inbox'] as const;
export type SmsProviderName = (typeof SMS_PROVIDERS)[number];

const text = z.string().trim().min(1).optional();
const webAddress = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });

/** What is sent there is secret: in production it goes over TLS, or stays on this machine. */
const refuseClearText = (url: string | undefined): string | undefined =>
  url === undefined || url.startsWith('https://') || isLoopback(new URL(url).hostname)
    ? undefined
    : 'must be an https address in production';

export const isLoopback = (host: string): boolean => /^(localhost|127\.[\d.]+|\[?::1\]?)$/.test(host);

const endpoint = (env: string, service: string, example: string): Setting<string | undefined> =>
  setting({
    env,
    about: `Another address of ${service}, such as a private gateway.`,
    example,
    schema: webAddress.transform((url) => url.replace(/\/+$/, '')).optional(),
    refuseInProduction: refuseClearText,
  });

/** `smtp://user:password@host:587` (STARTTLS) or `smtps://…:465`. Options in the query are not read: TLS is always checked. */
const mailServer = z
  .url({ protocol: /^smtps?$/, error: 'must be smtp://… or smtps://…' })
  .transform((value) => {
    const url = new URL(value);
    const isTls = url.protocol === 'smtps:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(url.port) || (isTls ? 465 : 587);
    const user = decodeURIComponent(url.username);
    return { host, port, isTls, user, password: decodeURIComponent(url.password) };
  });
export type MailServer = z.infer<typeof mailServer>;

const sender = z
  .string()
  .regex(/^(?:[^<>\r\n"]*<[^<>\s@,]+@[^<>\s@,]+>|[^<>\s@,]+@[^<>\s@,]+)$/, {
    error: 'must be an address, or Name <address>',
  })
  .transform((value) => {
    const [, name = '', address = value] = /^([^<]*)<([^>]+)>$/.exec(value) ?? [];
    return { name: name.trim(), address: address.trim() };
  });

const serviceAccount = z.string().transform((value, issues) => {
  const parsed = accountShape.safeParse(jsonOf(value));
  if (parsed.success && isPrivateKey(parsed.data.private_key)) return parsed.data;
  issues.addIssue({ code: 'custom', message: 'must be the JSON of a service account key, with its RSA key' });
  return z.NEVER;
});
const accountShape = z.object({
  project_id: z.string().min(1),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  token_uri: webAddress.default('https://oauth2.googleapis.com/token'),
});
export type ServiceAccount = z.infer<typeof accountShape>;

export const deliverySettings = defineSettings('delivery', {
  smsProviders: setting({
    env: 'SMS_PROVIDER',
    about:
      'Who carries SMS, in order of preference, joined by commas: `twilio`, `sns`, `http`, `dev-inbox`. Default: `dev-inbox` outside production, nobody in production.',
    example: 'twilio,sns',
    schema: z
      .string()
      .transform((list) => [...new Set(list.split(',').map((name) => name.trim()))].filter(Boolean))
      .pipe(z.array(z.enum(SMS_PROVIDERS, { error: `each must be one of ${SMS_PROVIDERS.join(', ')}` })))
      .optional(),
    refuseInProduction: (names) =>
      names?.includes('dev-inbox') ? 'the dev inbox shows codes to anybody' : undefined,
  }),
  twilioAccountSid: setting({
    env: 'TWILIO_ACCOUNT_SID',
    about: 'Twilio: the account.',
    example: 'AC00000000000000000000000000000000',
    schema: z
      .string()
      .regex(/^AC[0-9a-f]{32}$/i, { error: 'must be AC and 32 hexadecimal digits' })
      .optional(),
  }),
  twilioAuthToken: setting({
    env: 'TWILIO_AUTH_TOKEN',
    about: 'Twilio: the token of the account.',
    example: '00000000000000000000000000000000',
    isSecret: true,
    schema: text,
  }),
  twilioFrom: setting({
    env: 'TWILIO_FROM',
    about: 'Twilio: the number or name that messages come from.',
    example: '+15550100',
    schema: text,
  }),
  twilioMessagingServiceSid: setting({
    env: 'TWILIO_MESSAGING_SERVICE_SID',
    about: 'Twilio: the messaging service that picks the number, instead of `TWILIO_FROM`.',
    example: 'MG00000000000000000000000000000000',
    schema: text,
  }),
  twilioEndpoint: endpoint('TWILIO_ENDPOINT', 'the Twilio API', 'https://api.twilio.com'),
  awsRegion: setting({
    env: 'AWS_REGION',
    about: 'Amazon SNS: the region.',
    example: 'eu-central-1',
    schema: text,
  }),
  awsAccessKeyId: setting({
    env: 'AWS_ACCESS_KEY_ID',
    about: 'Amazon SNS: the access key. Without it the role of the machine or container is used.',
    example: 'AKIAIOSFODNN7EXAMPLE',
    schema: text,
  }),
  awsSecretAccessKey: setting({
    env: 'AWS_SECRET_ACCESS_KEY',
    about: 'Amazon SNS: the secret of the access key.',
    example: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    isSecret: true,
    schema: text,
  }),
  snsEndpoint: endpoint('SNS_ENDPOINT', 'Amazon SNS', 'https://sns.eu-central-1.amazonaws.com'),
  snsSenderId: setting({
    env: 'SNS_SENDER_ID',
    about: 'Amazon SNS: the name that messages come from, where the country allows names.',
    example: 'Example',
    schema: z
      .string()
      .regex(/^(?=.*[A-Za-z])[A-Za-z0-9-]{1,11}$/, {
        error: 'must be 1 to 11 letters, digits or hyphens, with a letter',
      })
      .optional(),
  }),
  smsHttpUrl: setting({
    env: 'SMS_HTTP_URL',
    about: 'Own SMS service: where `{id, to, text}` is posted as JSON, signed as Standard Webhooks has it.',
    example: 'https://sms.example.com/messages',
    schema: webAddress.optional(),
    refuseInProduction: refuseClearText,
  }),
  smsHttpSecret: setting({
    env: 'SMS_HTTP_SECRET',
    about: 'Own SMS service: the shared secret, `whsec_` and 24 to 64 bytes in base64.',
    example: 'whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=',
    isSecret: true,
    schema: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/, {
        error: 'must be whsec_ and 24 to 64 bytes in base64',
      })
      .optional(),
  }),
  smtp: setting({
    env: 'SMTP_URL',
    about:
      'The mail server: `smtps://` for TLS from the start, `smtp://` for STARTTLS, which is required unless the server is on this machine.',
    example: 'smtps://user:password@mail.example.com:465',
    isSecret: true,
    schema: mailServer.optional(),
  }),
  mailFrom: setting({
    env: 'MAIL_FROM',
    about: 'Who e-mails come from.',
    example: 'Example Corp <no-reply@example.com>',
    schema: sender.optional(),
  }),
  fcmServiceAccount: setting({
    env: 'FCM_SERVICE_ACCOUNT',
    about:
      'Push to phones: the JSON key of a service account that may send through Firebase Cloud Messaging.',
    example: '{"project_id":"…","client_email":"…","private_key":"…","token_uri":"…"}',
    isSecret: true,
    schema: serviceAccount.optional(),
  }),
  fcmEndpoint: endpoint('FCM_ENDPOINT', 'Firebase Cloud Messaging', 'https://fcm.googleapis.com'),
  vapidPublicKey: setting({
    env: 'VAPID_PUBLIC_KEY',
    about: 'Push to browsers: the public key, as browsers subscribe with it (RFC 8292).',
    example: 'BEl62iUYgUivxIkv69yViEuiBIa-Ib9-SkvMeAtA3LFgDzkrxZJjSgSnfckjBJuBkr3qBUYIHBQFLXYp5Nksh8U',
    schema: z
      .string()
      .regex(/^[\w-]{87}$/, { error: 'must be a P-256 point of 65 bytes in base64url' })
      .optional(),
  }),
  vapidPrivateKey: setting({
    env: 'VAPID_PRIVATE_KEY',
    about: 'Push to browsers: the private key.',
    example: '0000000000000000000000000000000000000000000',
    isSecret: true,
    schema: z
      .string()
      .regex(/^[\w-]{43}$/, { error: 'must be 32 bytes in base64url' })
      .optional(),
  }),
  vapidSubject: setting({
    env: 'VAPID_SUBJECT',
    about: 'Push to browsers: whom the push services may write to.',
    example: 'mailto:security@example.com',
    schema: z
      .string()
      .regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/, { error: 'must be mailto:… or https://…' })
      .optional(),
  }),
});

function jsonOf(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

function isPrivateKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}
