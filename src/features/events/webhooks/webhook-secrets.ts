import type { Keyring, Place } from '../../../platform';
import type { AuditEntry, AuditOutcome } from '../audit-event';
import type { WebhookEndpoint } from './webhook';

/** Of the older secret as well: it is not sealed anew when it moves to the other column. */
const place = (endpointId: string): Place => ({
  table: 'webhook_endpoint',
  column: 'secret',
  row: endpointId,
});

export const sealSecret = (keyring: Keyring, endpointId: string, secret: Buffer): string =>
  keyring.seal(place(endpointId), secret);

export const openSecret = (keyring: Keyring, endpointId: string, sealed: string): Buffer =>
  keyring.open(place(endpointId), sealed);

/** The line of the log about an endpoint. Its path may hold a key of the receiver: only the host is told. */
export const webhookChange = (
  endpoint: WebhookEndpoint,
  what: string,
  outcome: AuditOutcome = 'SUCCESS',
): AuditEntry => ({
  type: 'WEBHOOK_CHANGED',
  outcome,
  reason: what,
  details: { endpointId: endpoint.id, host: new URL(endpoint.url).host, eventTypes: endpoint.eventTypes },
});
