/**
 * The data source for TypeORM's own command line, built from the same list of features as the gateway's:
 *
 *   DATABASE_URL=postgres://… node --require ./test/support/typescript.cjs node_modules/typeorm/cli.js \
 *     -d ormconfig.ts migration:show
 *
 * To bring a database up to date use `factorgate migrate`, which also takes the lock.
 */
import 'reflect-metadata';
import { features } from './src/features';
import { dataSource } from './src/platform';

const url = process.env['MIGRATION_DATABASE_URL'] ?? process.env['DATABASE_URL'];
if (url === undefined)
  throw new Error('ormconfig.ts: set DATABASE_URL to the address of the PostgreSQL database');

export default dataSource(features, { url });
