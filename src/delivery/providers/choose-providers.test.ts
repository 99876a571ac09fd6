import { createECDH, generateKeyPairSync } from 'node:crypto';
import { SettingsError, loadConfig } from '../../config';
import { systemClock, type Sql } from '../../platform';
import { deliverySettings } from '../delivery.config';
import { deliveryProviders, openChannels } from './choose-providers';

const TWILIO = {
  TWILIO_ACCOUNT_SID: `AC${'0'.repeat(32)}`,
  TWILIO_AUTH_TOKEN: 'token',
  TWILIO_FROM: '+15550100',
};
const SNS = { AWS_REGION: 'eu-central-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' };
const HTTP = { SMS_HTTP_URL: 'https://sms.example.com', SMS_HTTP_SECRET: `whsec_${'A'.repeat(32)}` };
const MAIL = { SMTP_URL: 'smtp://mail.example.com', MAIL_FROM: 'Acme <no-reply@example.com>' };
const curve = createECDH('prime256v1');
curve.generateKeys();
/** 32 bytes: one key in 256 begins with a zero, which the curve leaves out. */
const scalar = Buffer.concat([Buffer.alloc(32), curve.getPrivateKey()]).subarray(-32);
const VAPID = {
  VAPID_PUBLIC_KEY: curve.getPublicKey('base64url'),
  VAPID_PRIVATE_KEY: scalar.toString('base64url'),
  VAPID_SUBJECT: 'mailto:security@example.com',
};
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const account = {
  project_id: 'acme',
  client_email: 'push@acme.example.com',
  private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
};
const FCM = { FCM_SERVICE_ACCOUNT: JSON.stringify(account) };
const PRODUCTION = { NODE_ENV: 'production' };

type Environment = Record<string, string>;
const configOf = (environment: Environment) => loadConfig([deliverySettings], environment);
const chosen = (environment: Environment): string[] =>
  deliveryProviders(configOf(environment), {} as Sql, systemClock).providers.map(
    ({ name, channel }) => `${channel} ${name}`,
  );
const faults = (environment: Environment): readonly string[] => {
  try {
    chosen(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
  return [];
};

it('outside production the dev inbox takes every channel for which nothing is set', () => {
  expect(chosen({})).toEqual(['sms dev-inbox', 'email dev-inbox', 'push dev-inbox']);
  expect(chosen(MAIL).sort()).toEqual(['email smtp', 'push dev-inbox', 'sms dev-inbox']);
  expect(chosen({ ...FCM, ...VAPID }).sort()).toEqual([
    'email dev-inbox',
    'push fcm',
    'push no-push',
    'push web-push',
    'sms dev-inbox',
  ]);
});

it('in production a channel without a provider is absent, and push needs none', () => {
  expect(chosen(PRODUCTION)).toEqual(['push no-push']);
  expect([...openChannels(configOf(PRODUCTION))]).toEqual(['push']);
  expect([...openChannels(configOf({}))].sort()).toEqual(['email', 'push', 'sms']);
  const open = openChannels(configOf({ ...PRODUCTION, ...MAIL, ...HTTP, SMS_PROVIDER: 'http' }));
  expect([...open].sort()).toEqual(['email', 'push', 'sms']);
});

it('keeps the order of preference', () => {
  const all = { ...TWILIO, ...SNS, ...HTTP };
  const sms = (SMS_PROVIDER: string) =>
    chosen({ ...all, SMS_PROVIDER }).filter((name) => name.startsWith('sms'));
  expect(sms('sns, twilio,http')).toEqual(['sms sns', 'sms twilio', 'sms http']);
  expect(sms('http,dev-inbox,sns')).toEqual(['sms http', 'sms dev-inbox', 'sms sns']);
});

it('names everything that is half configured, at once', () => {
  const half = { SMS_PROVIDER: 'twilio,sns,http', AWS_ACCESS_KEY_ID: 'id', ...FCM };
  expect(
    faults({ ...half, SMTP_URL: 'smtp://mail.example.com', VAPID_SUBJECT: VAPID.VAPID_SUBJECT }),
  ).toEqual([
    'TWILIO_ACCOUNT_SID is missing: SMS_PROVIDER names twilio',
    'TWILIO_AUTH_TOKEN is missing: SMS_PROVIDER names twilio',
    'TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID is missing: SMS_PROVIDER names twilio',
    'AWS_REGION is missing: SMS_PROVIDER names sns',
    'AWS_SECRET_ACCESS_KEY is missing: it belongs to AWS_ACCESS_KEY_ID',
    'SMS_HTTP_URL is missing: SMS_PROVIDER names http',
    'SMS_HTTP_SECRET is missing: SMS_PROVIDER names http',
    'MAIL_FROM is missing: it belongs to SMTP_URL',
    'VAPID_PUBLIC_KEY is missing: it belongs to VAPID_SUBJECT',
    'VAPID_PRIVATE_KEY is missing: it belongs to VAPID_SUBJECT',
  ]);
});

it('refuses two senders, and keys that are no pair', () => {
  const twice = { ...TWILIO, TWILIO_MESSAGING_SERVICE_SID: 'MG0', SMS_PROVIDER: 'twilio' };
  expect(faults(twice)).toEqual(['TWILIO_FROM and TWILIO_MESSAGING_SERVICE_SID are both set: keep one']);
  curve.generateKeys();
  expect(faults({ ...VAPID, VAPID_PUBLIC_KEY: curve.getPublicKey('base64url') })).toEqual([
    'VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY are no pair',
  ]);
});

it('shows no secret in what it says of the settings', () => {
  const secrets: Environment[] = [
    { SMTP_URL: 'ftp://user:hunter2@mail.example.com' },
    { FCM_SERVICE_ACCOUNT: '{"private_key":"hunter2"}' },
    { SMS_HTTP_SECRET: 'hunter2' },
    { VAPID_PRIVATE_KEY: 'hunter2' },
  ];
  for (const environment of secrets) {
    expect(() => configOf(environment)).toThrow(/1 fault/);
    expect(() => configOf(environment)).not.toThrow(/hunter2/);
  }
});

it.each([
  ['SMS_PROVIDER', 'dev-inbox'],
  ['SMS_HTTP_URL', 'http://sms.example.com'],
  ['TWILIO_ENDPOINT', 'http://gateway.example.com'],
  ['SNS_ENDPOINT', 'http://10.0.0.1'],
  ['FCM_ENDPOINT', 'http://fcm.example.com'],
])('refuses %s=%s in production, and allows it elsewhere', (name, value) => {
  expect(() => configOf({ ...PRODUCTION, [name]: value })).toThrow(name);
  expect(() => configOf({ [name]: value })).not.toThrow();
});

it('reads the parts of SMTP_URL and MAIL_FROM, and no options', () => {
  const { smtp, mailFrom } = configOf({
    SMTP_URL: 'smtps://us%40er:p%2Fw@mail.example.com/?tls.rejectUnauthorized=false',
    MAIL_FROM: 'Acme <no-reply@example.com>',
  }).of(deliverySettings);
  expect(smtp).toEqual({ host: 'mail.example.com', port: 465, isTls: true, user: 'us@er', password: 'p/w' });
  expect(mailFrom).toEqual({ name: 'Acme', address: 'no-reply@example.com' });
  expect(() => configOf({ ...MAIL, MAIL_FROM: 'a@example.com, b@example.com' })).toThrow('MAIL_FROM');
});
