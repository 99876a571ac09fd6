import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Feature } from '../../src/kernel';
import { Database, type Embedded, dataSource, migrate, openEmbedded } from '../../src/platform';
import { createDatabase, dropDatabase, ensureTemplate } from './postgres';

/** A database with the schema of the given features, and nothing in it but what their migrations wrote. */
export interface OpenBackend {
  readonly database: Database;
  /** On servers only. */
  readonly databaseUrl?: string;
  readonly redisUrl?: string;
  /** On the embedded database only. */
  readonly embedded?: Embedded;
  close(): Promise<void>;
}
export interface Backend {
  readonly name: 'embedded' | 'servers';
  /** Default: all features of the gateway. */
  open(features?: readonly Feature[]): Promise<OpenBackend>;
}

const { TEST_POSTGRES_URL: postgresUrl, TEST_REDIS_URL: redisUrl, FACTORGATE_UNIT: isUnitRun } = process.env;
const absent = isUnitRun ? 'FACTORGATE_UNIT is set' : 'PostgreSQL or Redis was not found';
const areServersThere = postgresUrl !== undefined && redisUrl !== undefined;

/** Where the build left it, it saves two thirds of each start; its tables are dropped all the same. */
const PREPARED = join(__dirname, '../../dist/prepared-data.tar');

// The first start of PGlite in a file takes seconds on a busy machine.
jest.setTimeout(60_000);

/** PostgreSQL and Redis, as in production. */
export const postgres: Backend = {
  name: 'servers',
  async open(features) {
    if (postgresUrl === undefined) throw new Error(`this suite needs PostgreSQL: ${absent}`);
    const listed = features ?? (await allFeatures());
    const template = templateName(listed);
    await ensureTemplate(postgresUrl, template, async (url) => {
      const source = await dataSource(listed, { url }).initialize();
      await migrate(source);
      await source.destroy();
    });
    const databaseUrl = await createDatabase(postgresUrl, template);
    const source = await dataSource(listed, { url: databaseUrl }).initialize();
    return {
      database: new Database(source),
      databaseUrl,
      redisUrl,
      close: async () => {
        if (source.isInitialized) await source.destroy();
        await dropDatabase(postgresUrl, databaseUrl);
      },
    };
  },
};

/** Instances of this test file that nobody uses now: starting one takes a second, emptying one does not. */
const idle: Embedded[] = [];
afterAll(() => Promise.all(idle.map((embedded) => embedded.close())));

/** PGlite in memory. */
export const embedded: Backend = {
  name: 'embedded',
  async open(features) {
    const instance = idle.pop() ?? (await openEmbedded({ prepared: PREPARED }));
    const source = await dataSource(features ?? (await allFeatures()), {
      driver: instance.driver,
    }).initialize();
    await source.query('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
    await migrate(source);
    return {
      database: new Database(source),
      embedded: instance,
      close: async () => {
        if (source.isInitialized) await source.destroy();
        idle.push(instance);
      },
    };
  },
};

/** Runs the block on the embedded database and on servers; where there are none, that half is shown as skipped. */
export function describeOnEachBackend(name: string, block: (backend: Backend) => void): void {
  describe(`${name} (embedded)`, () => block(embedded));
  describeOnServers(name, block);
}

export function describeOnServers(name: string, block: (backend: Backend) => void): void {
  if (areServersThere) describe(`${name} (servers)`, () => block(postgres));
  else describe.skip(`${name} (servers; not run: ${absent})`, () => block(postgres));
}

const allFeatures = async (): Promise<readonly Feature[]> => (await import('../../src/features.js')).features;

/** One template per schema: named by the migrations that make it. */
function templateName(features: readonly Feature[]): string {
  const migrations = features.flatMap((feature) =>
    (feature.migrations ?? []).map((migration) => migration.name),
  );
  return `template_${createHash('sha256').update(migrations.join()).digest('hex').slice(0, 12)}`;
}
