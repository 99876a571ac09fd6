import { DataSource, type DataSourceOptions } from 'typeorm';
import type { Class, Feature } from '../../kernel';
import { SnakeNaming } from './columns';
import { GatewayNow1767225600000 } from './gateway-now.migration';

/** What `driver` of TypeORM's postgres options must look like: the part of `pg` that it uses. */
export interface PgShaped {
  readonly Pool: unknown;
  readonly defaults: object;
}

export interface DataSourceSettings {
  readonly url?: string;
  readonly poolSize?: number;
  /**
   * For the owner of the tables who migrates: no limit on how long a statement runs, and the role that the gateway signs
   * in as, which gets what it needs on every table and may only append to the audit log.
   */
  readonly migratesFor?: string;
  /** The embedded database in place of a server. */
  readonly driver?: PgShaped;
}

/** TypeORM's options for the listed features: no globs, no synchronisation, migrations only. */
export function dataSourceOptions(
  features: readonly Feature[],
  settings: DataSourceSettings,
): DataSourceOptions {
  return {
    type: 'postgres',
    url: settings.url,
    driver: settings.driver,
    entities: features.flatMap((feature): Class[] => [...(feature.entities ?? [])]),
    migrations: [
      GatewayNow1767225600000,
      ...features.flatMap((feature): Class[] => [...(feature.migrations ?? [])]),
    ],
    migrationsTransactionMode: 'all',
    namingStrategy: new SnakeNaming(),
    applicationName: 'factorgate',
    installExtensions: false,
    // One process never waits long for a connection or a statement: it fails closed instead.
    poolSize: settings.poolSize ?? 10,
    connectTimeoutMS: 1000,
    extra: {
      statement_timeout: settings.migratesFor === undefined ? 2000 : 0,
      idle_in_transaction_session_timeout: 10_000,
      keepAlive: true,
      ...(settings.migratesFor && { options: `-c factorgate.application_role=${settings.migratesFor}` }),
    },
    logging: false,
  };
}

export const dataSource = (features: readonly Feature[], settings: DataSourceSettings): DataSource =>
  new DataSource(dataSourceOptions(features, settings));
