import type { Message } from '../message';
import type { DeliveryProvider } from '../provider';

type Platform = NonNullable<Message['target']>['platform'];

/**
 * Push where no push service is configured for the device, or the device gave no address: nothing is sent, and
 * that is no failure. Devices ask by themselves (`viewerDevice`, `approvalRequested`), so an approval reaches
 * the phone as soon as its app is open.
 */
export const noPush = (served: readonly Platform[] = []): DeliveryProvider => ({
  name: 'no-push',
  channel: 'push',
  serves: ({ target }) => !target || !served.includes(target.platform),
  send: () => Promise.resolve(),
});
