import type { Config } from '../../kernel';
import type { JsonRoute, Sql } from '../../platform';
import type { DeliveryProvider } from '../provider';
import { DevInbox } from './dev-inbox';
import { noPush } from './no-push';

/** The providers that the settings ask for, and the routes that come with them. */
export function deliveryProviders(
  config: Config,
  sql: Sql,
): { readonly providers: readonly DeliveryProvider[]; readonly routes: readonly JsonRoute[] } {
  if (config.isProduction) return { providers: [noPush], routes: [] };
  const inbox = DevInbox.open(config, sql);
  return { providers: inbox.providers(), routes: [inbox.route()] };
}
