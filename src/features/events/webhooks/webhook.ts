import { createHmac } from 'node:crypto';
import { hours, minutes, seconds, type Chance } from '../../../kernel';
import type { AuditEventType, AuditOutcome } from '../audit-event';

export type WebhookState = 'ACTIVE' | 'PAUSED' | 'PARKED';

/** An address that hears of events, without its secrets. */
export interface WebhookEndpoint {
  readonly id: string;
  readonly url: string;
  /** Null: all. */
  readonly eventTypes: readonly AuditEventType[] | null;
  readonly state: WebhookState;
  readonly lastTakenAt: Date | null;
  readonly lastFault: string | null;
}

/** What of an event leaves the gateway: who and what, by ids, and no more. */
export interface WebhookEvent {
  readonly id: string;
  readonly type: AuditEventType;
  readonly outcome: AuditOutcome;
  readonly occurredAt: Date;
  readonly userId: string | null;
  readonly actorId: string | null;
  readonly flowId: string | null;
  readonly factorKind: string | null;
}

export const SECRET_BYTES = 32;
/** How long both secrets sign after a rotation. */
export const ROTATION_SECONDS = 24 * 3600;

const FIRST_RETRY = seconds(5);
const RETRY_GROWTH = 4;
const LONGEST_RETRY = hours(8);

/** `SIGN_IN_COMPLETED` is `sign_in.completed` outside: the last word says what happened to the thing before it. */
export const webhookType = (type: AuditEventType): string => type.toLowerCase().replace(/_(?=[a-z]+$)/, '.');

export const bodyOf = (event: WebhookEvent): string =>
  JSON.stringify({
    type: webhookType(event.type),
    timestamp: event.occurredAt.toISOString(),
    data: {
      id: event.id,
      userId: event.userId,
      actorId: event.actorId,
      outcome: event.outcome,
      flowId: event.flowId,
      factorKind: event.factorKind,
    },
  });

/** A secret as its receiver gets it. */
export const shownSecret = (secret: Buffer): string => `whsec_${secret.toString('base64')}`;

/** The headers of the Standard Webhooks specification: one signature per secret, parted by a space. */
export function signedHeaders(
  id: string,
  timestamp: number,
  body: string,
  secrets: readonly Buffer[],
): Readonly<Record<string, string>> {
  const signatures = secrets.map(
    (secret) =>
      `v1,${createHmac('sha256', secret)
        .update(`${id}.${String(timestamp)}.${body}`)
        .digest('base64')}`,
  );
  return {
    'content-type': 'application/json',
    'user-agent': 'Factorgate',
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.join(' '),
  };
}

/** 5 s, 20 s, 80 s … 8 h, each lengthened by chance up to a quarter, so that many do not come back at once. */
export function retryDelay(attempts: number, chance: Chance): number {
  const shortest = Math.min(FIRST_RETRY * RETRY_GROWTH ** Math.min(attempts - 1, 20), LONGEST_RETRY);
  return shortest + chance.below(shortest / 4);
}

/** An event whose first try is older than this is given up. */
export const TRIED_FOR_MAX_SECONDS = (3 * hours(24)) / 1000;
/** Events that wait (paused, parked) and events that were sent are kept that long; older ones are in the log only. */
export const DELIVERIES_KEPT_DAYS = 30;
export const SWEEP_EVERY = minutes(10);
