/**
 * The one source of truth. `Database` runs statements and transactions on PostgreSQL or on the embedded PGlite;
 * both run the same SQL. A transaction is handed down as a `UnitOfWork`; bells ring after its commit.
 */
export * from './columns';
export * from './data-source';
export * from './database';
export * from './database.config';
export * from './embedded';
export * from './gateway-now.migration';
export * from './migrate';
