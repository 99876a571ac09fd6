/**
 * Getting a message to a person or a device: one transactional outbox, one dispatcher, a provider per
 * channel. A message is written in the transaction that decides it and leaves after the commit, at least
 * once. What it says is sealed while it waits and deleted when it is sent; it never reaches a log.
 */
import type { Feature } from '../kernel';
import { deliverySettings } from './delivery.config';
import { DevInboxEntity } from './dev-inbox.entity';
import { Outbox1767225604000 } from './migrations/1767225604000-outbox';
import { OutboxEntity } from './outbox.entity';

export * from './circuit-breaker';
export * from './delivery-failure';
export * from './delivery.config';
export * from './dispatcher';
export * from './message';
export * from './outbox.service';
export * from './outbox.store';
export * from './provider';
export * from './providers';
export * from './templates';

export const deliveryFeature: Feature = {
  name: 'delivery',
  settings: [deliverySettings],
  entities: [OutboxEntity, DevInboxEntity],
  migrations: [Outbox1767225604000],
};
