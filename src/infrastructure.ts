import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { features } from './features';
import type { Chance, Clock, Config } from './kernel';
import {
  InProcessBus,
  Keyring,
  RedisBus,
  createLog,
  dataSource,
  databaseSettings,
  keyringSettings,
  lockFolder,
  migrate,
  newKeyringLine,
  openEmbedded,
  parseKeyring,
  redisSettings,
  systemChance,
  systemClock,
  telemetrySettings,
  type Bus,
  type FolderLock,
  type Log,
} from './platform';

/** A database made at build time, so that the first start need not make one. */
const PREPARED = join(__dirname, '..', 'dist', 'prepared-data.tar');

/** What an app runs on. */
export interface Infrastructure {
  readonly config: Config;
  readonly source: DataSource;
  readonly bus: Bus;
  readonly keyring: Keyring;
  readonly log: Log;
  readonly clock: Clock;
  readonly chance: Chance;
  /** The lock on the embedded database's folder; absent on servers. */
  readonly lock?: FolderLock;
  close(): Promise<void>;
}

/** Opens database, bus and keys: servers where they are configured, else the embedded database with its own key. */
export async function openInfrastructure(
  config: Config,
  log: Log = createLog(config.of(telemetrySettings).logLevel),
): Promise<Infrastructure> {
  const { url, poolSize, dataDir } = config.of(databaseSettings);
  const redisUrl = config.of(redisSettings).url;
  const bus = redisUrl ? new RedisBus(redisUrl, log) : new InProcessBus();
  const shared = { config, bus, log, clock: systemClock, chance: systemChance };
  if (!url) return openOnFolder(shared, dataDir);
  const source = await dataSource(features, { url, poolSize }).initialize();
  await requireSchema(source, config.isProduction);
  return {
    ...shared,
    source,
    keyring: keyringOf(config.of(keyringSettings).keyring ?? folderKeyring(dataDir)),
    close: async () => {
      await bus.close();
      await source.destroy();
    },
  };
}

/** In production the schema is somebody's decision; elsewhere the first process that starts makes it. */
async function requireSchema(source: DataSource, isProduction: boolean): Promise<void> {
  if (!(await isBehind(source))) return;
  if (isProduction) throw new Error('The database schema is not up to date: run `factorgate migrate` first.');
  await migrate(source);
}

/** Reads the list of migrations and changes nothing: the role that serves may not be allowed to make tables. */
async function isBehind(source: DataSource): Promise<boolean> {
  const [{ name }] = await source.query<[{ name: string | null }]>(
    `SELECT to_regclass('migrations')::text AS name`,
  );
  if (name === null) return true;
  const ran = await source.query<{ name: string }[]>('SELECT name FROM migrations');
  return source.migrations.some((migration) => !ran.some((done) => done.name === migration.name));
}

type Shared = Pick<Infrastructure, 'config' | 'bus' | 'log' | 'clock' | 'chance'>;

async function openOnFolder(shared: Shared, dataDir: string): Promise<Infrastructure> {
  const lock = await lockFolder(dataDir);
  if ('heldBy' in lock) throw new Error(lock.message);
  const embedded = await openEmbedded({ dataDir, prepared: PREPARED, log: shared.log });
  const source = await dataSource(features, { driver: embedded.driver }).initialize();
  await migrate(source);
  return {
    ...shared,
    source,
    lock,
    keyring: keyringOf(shared.config.of(keyringSettings).keyring ?? folderKeyring(dataDir)),
    close: async () => {
      await shared.bus.close();
      await source.destroy();
      await embedded.close();
      await lock.release();
    },
  };
}

/** The key that the embedded gateway made for itself at its first start. */
function folderKeyring(dataDir: string): string {
  const path = join(dataDir, 'keyring');
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    writeFileSync(path, `${newKeyringLine(systemChance)}\n`, { mode: 0o600, flag: 'wx' });
    chmodSync(path, 0o600);
  }
  return readFileSync(path, 'utf8').trim();
}

function keyringOf(text: string): Keyring {
  const parsed = parseKeyring(text);
  if ('fault' in parsed) throw new Error(`KEYRING: ${parsed.fault}`);
  return new Keyring(parsed.keys, systemChance);
}

/** Makes the prepared database: schema and nothing else. */
export async function prepareData(): Promise<Buffer> {
  const embedded = await openEmbedded({});
  const source = await dataSource(features, { driver: embedded.driver }).initialize();
  await migrate(source);
  const tar = await embedded.dump('none');
  await source.destroy();
  await embedded.close();
  return tar;
}
