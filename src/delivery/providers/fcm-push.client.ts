import type { JWT } from 'google-auth-library';
import { z } from 'zod';
import { minutes, seconds, unixSeconds, type Clock } from '../../kernel';
import type { ServiceAccount } from '../delivery.config';
import { DeliveryFailure, failureOfConnection, failureOfStatus } from '../delivery-failure';
import type { Message } from '../message';
import type { DeliveryProvider } from '../provider';
import { secondsLeft } from './seconds-left';

const SCOPE = 'https://www.googleapis.com/auth/firebase.messaging';
const FCM = 'https://fcm.googleapis.com';
const TIMEOUT = seconds(5);
const RENEWED_BEFORE_END = minutes(5);

export interface FcmOptions {
  readonly account: ServiceAccount;
  readonly endpoint?: string;
}

/** Push to phones through the HTTP v1 API of Firebase Cloud Messaging. */
export function fcmPush({ account, endpoint = FCM }: FcmOptions, clock: Clock): DeliveryProvider {
  const url = `${endpoint}/v1/projects/${encodeURIComponent(account.project_id)}/messages:send`;
  let client: Promise<JWT> | undefined;
  return {
    name: 'fcm',
    channel: 'push',
    serves: ({ target }) => target?.platform === 'IOS' || target?.platform === 'ANDROID',
    async send(message, _, signal) {
      // Those who come after a question for a token that hangs do not wait for the same answer.
      signal.addEventListener('abort', () => (client = undefined), { once: true });
      const jwt = await (client ??= connect(account));
      const token = await accessToken(jwt);
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      const body = JSON.stringify(fcmMessage(message, clock.now()));
      const request = { method: 'POST', headers, body, signal, redirect: 'error' } as const;
      const response = await fetch(url, request).catch((error: unknown) => {
        throw failureOfConnection(error);
      });
      const reply = await response.text();
      if (response.ok) return;
      // A token that was withdrawn early: the next try asks for a new one.
      if (response.status === 401) client = undefined;
      throw failureOf(response.status, reply);
    },
  };
}

/** The SDK keeps the token until five minutes before its end. Nothing was sent yet if it cannot be had. */
async function accessToken(jwt: JWT): Promise<string> {
  try {
    const { token } = await jwt.getAccessToken();
    if (token) return token;
    throw new Error('an empty one came');
  } catch (error) {
    throw new DeliveryFailure('REFUSED', `no access token: ${(error as Error).message}`);
  }
}

async function connect(account: ServiceAccount): Promise<JWT> {
  const { JWT } = await import('google-auth-library');
  const jwt = new JWT({
    email: account.client_email,
    key: account.private_key,
    keyId: account.private_key_id,
    scopes: [SCOPE],
    additionalClaims: { aud: account.token_uri },
    eagerRefreshThresholdMillis: RENEWED_BEFORE_END,
    transporterOptions: { timeout: TIMEOUT },
  });
  // The SDK has Google's own address built in; the service account says where to ask.
  jwt.transporter.interceptors.request.add({
    resolved: (request) =>
      Promise.resolve(
        Object.assign(request, { url: new URL(account.token_uri), retry: false, retryConfig: undefined }),
      ),
  });
  return jwt;
}

function fcmMessage({ target, subject, text, data, expiresAt }: Message, now: Date): object {
  const left = secondsLeft(expiresAt, now);
  return {
    message: {
      token: target?.pushToken,
      data,
      android: { priority: 'high', ttl: `${String(left)}s` },
      apns: {
        headers: {
          'apns-priority': '10',
          'apns-expiration': String(unixSeconds(now) + left),
        },
        payload: { aps: { alert: { title: subject, body: text }, 'content-available': 1 } },
      },
    },
  };
}

const fault = z.object({
  error: z.object({
    status: z.string().optional(),
    message: z.string().optional(),
    details: z
      .array(
        z.object({
          errorCode: z.string().optional(),
          fieldViolations: z.array(z.object({ field: z.string().optional() })).optional(),
        }),
      )
      .optional(),
  }),
});

/** 404 UNREGISTERED: the app is gone. 400 INVALID_ARGUMENT about the token: it never was one. */
function failureOf(status: number, reply: string): DeliveryFailure {
  const error = parsedFault(reply)?.error;
  const details = error?.details ?? [];
  const isUnregistered = status === 404 && details.some(({ errorCode }) => errorCode === 'UNREGISTERED');
  const isNoToken =
    status === 400 &&
    (details.some((detail) => detail.fieldViolations?.some(({ field }) => field === 'message.token')) ||
      /registration token/i.test(error?.message ?? ''));
  const text = `${error?.status ?? ''} ${error?.message ?? ''}`;
  return isUnregistered || isNoToken
    ? new DeliveryFailure('GONE', `${String(status)} ${text}`)
    : failureOfStatus(status, text);
}

function parsedFault(reply: string): z.infer<typeof fault> | undefined {
  try {
    return fault.safeParse(JSON.parse(reply)).data;
  } catch {
    return undefined;
  }
}
