import { createECDH } from 'node:crypto';
import { SettingsError } from '../../config';
import type { Clock, Config, SettingsOf } from '../../kernel';
import type { JsonRoute, Sql } from '../../platform';
import { deliverySettings, type SmsProviderName } from '../delivery.config';
import type { Channel } from '../message';
import type { DeliveryProvider } from '../provider';
import { DevInbox } from './dev-inbox';
import { fcmPush } from './fcm-push.client';
import { httpSms } from './http-sms.client';
import { noPush } from './no-push';
import { smtpEmail } from './smtp-email.client';
import { snsSms } from './sns-sms.client';
import { twilioSms } from './twilio-sms.client';
import { webPush } from './web-push.client';

type Settings = SettingsOf<typeof deliverySettings>;
/** Undefined: not configured. */
type Found = DeliveryProvider | undefined;

/**
 * The providers that the settings ask for, in order of preference, and the routes that come with them. Throws a
 * `SettingsError` that names everything that is half configured.
 */
export function deliveryProviders(
  config: Config,
  sql: Sql,
  clock: Clock,
): { readonly providers: readonly DeliveryProvider[]; readonly routes: readonly JsonRoute[] } {
  const settings = config.of(deliverySettings);
  const faults: string[] = [];
  const chosen = [
    ...smsProviders(settings, clock, faults),
    email(settings, clock, faults),
    ...pushProviders(settings, config, clock, faults),
  ].filter((provider) => provider !== undefined);
  if (faults.length > 0) throw new SettingsError(faults);

  const inbox = config.isProduction ? undefined : DevInbox.open(config, sql);
  const usesInbox = (channel: Channel): boolean =>
    channel === 'sms' && settings.smsProviders
      ? settings.smsProviders.includes('dev-inbox')
      : !chosen.some((provider) => provider.channel === channel);
  const inboxes = inbox?.providers().filter(({ channel }) => usesInbox(channel)) ?? [];
  const isPushServed = [...chosen, ...inboxes].some(({ channel }) => channel === 'push');
  return {
    providers: inPreference([...chosen, ...inboxes, ...(isPushServed ? [] : [noPush()])], settings),
    routes: inbox ? [inbox.route()] : [],
  };
}

/** The channels by which something can be sent. Push is always one: devices ask by themselves. */
export function openChannels(config: Config): ReadonlySet<Channel> {
  const { smsProviders: named, smtp } = config.of(deliverySettings);
  const channels: Channel[] = ['push'];
  if (named ? named.length > 0 : !config.isProduction) channels.push('sms');
  if (smtp ?? !config.isProduction) channels.push('email');
  return new Set(channels);
}

/** The dev inbox, where it is named between others, keeps its place. */
function inPreference(providers: readonly DeliveryProvider[], { smsProviders = [] }: Settings) {
  const place = ({ channel, name }: DeliveryProvider): number =>
    channel === 'sms' ? smsProviders.indexOf(name as SmsProviderName) : -1;
  return [...providers].sort((one, other) => place(one) - place(other));
}

function smsProviders(settings: Settings, clock: Clock, faults: string[]): Found[] {
  const make: Readonly<Record<SmsProviderName, () => Found>> = {
    twilio: () => twilio(settings, faults),
    sns: () => sns(settings, faults),
    http: () => ownSms(settings, clock, faults),
    'dev-inbox': () => undefined,
  };
  return (settings.smsProviders ?? []).map((name) => make[name]());
}

function twilio(settings: Settings, faults: string[]): Found {
  const { twilioAccountSid, twilioAuthToken, twilioFrom, twilioMessagingServiceSid } = settings;
  const isComplete = demand('SMS_PROVIDER names twilio', faults, {
    TWILIO_ACCOUNT_SID: twilioAccountSid,
    TWILIO_AUTH_TOKEN: twilioAuthToken,
    'TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID': twilioFrom ?? twilioMessagingServiceSid,
  });
  if (twilioFrom && twilioMessagingServiceSid)
    faults.push('TWILIO_FROM and TWILIO_MESSAGING_SERVICE_SID are both set: keep one');
  if (!isComplete || !twilioAccountSid || !twilioAuthToken) return undefined;
  return twilioSms({
    accountSid: twilioAccountSid,
    authToken: twilioAuthToken,
    sender: twilioMessagingServiceSid
      ? { messagingServiceSid: twilioMessagingServiceSid }
      : { from: twilioFrom ?? '' },
    endpoint: settings.twilioEndpoint,
  });
}

function sns(settings: Settings, faults: string[]): Found {
  const { awsRegion, awsAccessKeyId, awsSecretAccessKey, snsEndpoint, snsSenderId } = settings;
  demand('SMS_PROVIDER names sns', faults, { AWS_REGION: awsRegion });
  together(faults, { AWS_ACCESS_KEY_ID: awsAccessKeyId, AWS_SECRET_ACCESS_KEY: awsSecretAccessKey });
  const accessKey =
    awsAccessKeyId && awsSecretAccessKey
      ? { accessKeyId: awsAccessKeyId, secretAccessKey: awsSecretAccessKey }
      : undefined;
  return snsSms({ region: awsRegion ?? '', accessKey, endpoint: snsEndpoint, senderId: snsSenderId });
}

function ownSms({ smsHttpUrl, smsHttpSecret }: Settings, clock: Clock, faults: string[]): Found {
  const given = { SMS_HTTP_URL: smsHttpUrl, SMS_HTTP_SECRET: smsHttpSecret };
  if (!demand('SMS_PROVIDER names http', faults, given) || !smsHttpUrl || !smsHttpSecret) return undefined;
  return httpSms({ url: smsHttpUrl, secret: smsHttpSecret }, clock);
}

function email({ smtp, mailFrom }: Settings, clock: Clock, faults: string[]): Found {
  together(faults, { SMTP_URL: smtp, MAIL_FROM: mailFrom });
  return smtp && mailFrom ? smtpEmail({ server: smtp, from: mailFrom }, clock) : undefined;
}

function pushProviders(settings: Settings, config: Config, clock: Clock, faults: string[]): Found[] {
  const { fcmServiceAccount: account, fcmEndpoint: endpoint } = settings;
  const { vapidPublicKey, vapidPrivateKey, vapidSubject } = settings;
  together(faults, {
    VAPID_PUBLIC_KEY: vapidPublicKey,
    VAPID_PRIVATE_KEY: vapidPrivateKey,
    VAPID_SUBJECT: vapidSubject,
  });
  const phones = account && fcmPush({ account, endpoint }, clock);
  let browsers: Found;
  if (vapidPublicKey && vapidPrivateKey && vapidSubject) {
    if (!isPair(vapidPublicKey, vapidPrivateKey))
      faults.push('VAPID_PUBLIC_KEY and VAPID_PRIVATE_KEY are no pair');
    const vapid = { publicKey: vapidPublicKey, privateKey: vapidPrivateKey, subject: vapidSubject };
    browsers = webPush({ vapid, isGuarded: config.isProduction }, clock);
  }
  if (!phones && !browsers) return [];
  const served = [...(phones ? (['IOS', 'ANDROID'] as const) : []), ...(browsers ? (['WEB'] as const) : [])];
  return [phones, browsers, noPush(served)];
}

function isPair(publicKey: string, privateKey: string): boolean {
  const curve = createECDH('prime256v1');
  try {
    curve.setPrivateKey(privateKey, 'base64url');
    return curve.getPublicKey('base64url') === publicKey;
  } catch {
    return false;
  }
}

type Given = Readonly<Record<string, unknown>>;

const missingOf = (given: Given): string[] => Object.keys(given).filter((name) => given[name] === undefined);

function demand(why: string, faults: string[], given: Given): boolean {
  const missing = missingOf(given);
  faults.push(...missing.map((name) => `${name} is missing: ${why}`));
  return missing.length === 0;
}

/** All or none. */
function together(faults: string[], given: Given): void {
  const missing = missingOf(given);
  if (missing.length === 0 || missing.length === Object.keys(given).length) return;
  const set = Object.keys(given).filter((name) => !missing.includes(name));
  faults.push(...missing.map((name) => `${name} is missing: it belongs to ${set.join(' and ')}`));
}
