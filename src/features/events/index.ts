/**
 * What happened, and the proof that nobody changed it since. `AuditRecorder` appends lines in the transaction
 * of those who act; `AuditSealer` signs them a moment later, so writers never queue. The tables refuse every
 * change, and a line that was edited, removed or slipped in all the same shows in `verify()`. `AuditRetention` removes old
 * batches and leaves a checkpoint, `AuditExport` reads the log out, `AuditFeed` tells streams what is new. `Webhooks` names
 * who else hears of events, and `WebhookWorker` tells them.
 */
import type { Feature } from '../../kernel';
import { AuditCheckpointEntity } from './audit-checkpoint.entity';
import { AuditEventEntity } from './audit-event.entity';
import { AuditSealEntity } from './audit-seal.entity';
import { AuditLog1767225603000 } from './migrations/1767225603000-audit-log';
import { AuditDetails1767225624000 } from './migrations/1767225624000-audit-details';
import { Webhooks1767225650000 } from './migrations/1767225650000-webhooks';
import { AuditPruning1767225651000 } from './migrations/1767225651000-audit-pruning';
import { auditSettings } from './audit.config';
import { WebhookDeliveryEntity } from './webhooks/webhook-delivery.entity';
import { WebhookEndpointEntity } from './webhooks/webhook-endpoint.entity';
import { webhookSettings } from './webhooks/webhook.config';

export * from './audit-event';
export * from './audit-event.graphql';
export * from './audit-event.store';
export * from './audit-export.service';
export * from './audit-feed.service';
export * from './audit-recorder.service';
export * from './audit-retention.service';
export * from './audit-sealer.service';
export * from './audit.config';
export * from './webhooks/webhook';
export * from './webhooks/webhook-address';
export * from './webhooks/webhook-lines';
export * from './webhooks/webhook-sender.client';
export * from './webhooks/webhook-worker.service';
export * from './webhooks/webhook.config';
export * from './webhooks/webhooks.service';

export const eventsFeature: Feature = {
  name: 'events',
  settings: [auditSettings, webhookSettings],
  entities: [
    AuditEventEntity,
    AuditSealEntity,
    AuditCheckpointEntity,
    WebhookEndpointEntity,
    WebhookDeliveryEntity,
  ],
  migrations: [
    AuditLog1767225603000,
    AuditDetails1767225624000,
    Webhooks1767225650000,
    AuditPruning1767225651000,
  ],
};
