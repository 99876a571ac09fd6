import { webhookType, type WebhookEndpoint } from './webhook';
import type { WebhookAnswer } from './webhook-sender.client';

/** An endpoint as a terminal shows it. */
export function endpointLine(endpoint: WebhookEndpoint & { readonly waiting?: number }): string {
  const { id, state, url, eventTypes, waiting, lastFault } = endpoint;
  return [
    id,
    state.toLowerCase(),
    url,
    eventTypes?.map(webhookType).join(',') ?? 'all events',
    ...(waiting === undefined ? [] : [`${String(waiting)} waiting`]),
    ...(lastFault === null ? [] : [`last fault: ${lastFault}`]),
  ].join('  ');
}

/** With the secret, which is shown this once. */
export const secretLines = (endpoint: WebhookEndpoint, secret: string): string[] => [
  endpointLine(endpoint),
  `secret: ${secret}`,
  'It is shown this once. Verify signatures with it as standardwebhooks.com says.',
];

export const answerLine = (answer: WebhookAnswer): string =>
  'status' in answer ? `answered ${String(answer.status)}` : `not sent: ${answer.fault}`;

export const isTaken = (answer: WebhookAnswer): boolean =>
  'status' in answer && answer.status >= 200 && answer.status < 300;
