import type { DeliveryProvider } from '../provider';

/**
 * Push where no push service is configured: nothing is sent, and that is no failure. Devices ask by
 * themselves (`viewerDevice`, `approvalRequested`), so an approval reaches the phone as soon as its app is
 * open.
 */
export const noPush: DeliveryProvider = {
  name: 'no-push',
  channel: 'push',
  send: () => Promise.resolve(),
};
