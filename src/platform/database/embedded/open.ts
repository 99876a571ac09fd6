import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../../telemetry';
import type { PgShaped } from '../data-source';
import { Backend, type PgliteSession } from './backend';
import { embeddedDriver } from './driver';

export interface EmbeddedOptions {
  /** Where the files are kept; absent: in memory. Hold the folder's lock first (`lockFolder`): PGlite takes none. */
  readonly dataDir?: string;
  /** A tar file made by `dump`, compressed or not. A new database starts from it, in a third of the time. */
  readonly prepared?: string;
  readonly log?: Pick<Log, 'info'>;
  /** How long a request waits for one other transaction before it fails with `embedded database busy`. */
  readonly waitMilliseconds?: number;
  /** How long an open transaction may stand still before it is rolled back. */
  readonly idleMilliseconds?: number;
}

export interface Embedded {
  /** For TypeORM's `driver` option. */
  readonly driver: PgShaped;
  /** The whole database as a tar file, taken while no transaction is open. */
  dump(compression?: 'gzip' | 'none'): Promise<Buffer>;
  /** To be called after the pools made by the driver are ended. */
  close(): Promise<void>;
}

/** Starts PGlite, PostgreSQL in this process, and gives a driver for it. */
export async function openEmbedded(options: EmbeddedOptions = {}): Promise<Embedded> {
  const db = await start(options);
  const backend = new Backend(db, {
    waitMilliseconds: options.waitMilliseconds ?? 2000,
    idleMilliseconds: options.idleMilliseconds ?? 10_000,
  });
  return {
    driver: embeddedDriver(backend),
    dump: (compression = 'gzip') => backend.alone(() => dump(db, compression)),
    close: () => backend.close(),
  };
}

async function start({ dataDir, prepared, log }: EmbeddedOptions): Promise<PgliteSession> {
  // Loaded here only: a process on PostgreSQL is spared some 300 MB.
  const { PGlite } = await import('@electric-sql/pglite');
  const options = {
    // Clearing the usual 128 MB of buffers, and reading a log of 16 MB, would be a third of the start.
    startParams: [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'],
    initDbStartParams: ['--wal-segsize=1'],
  };
  const make = async (files?: string): Promise<PgliteSession> => {
    const isPrepared = prepared !== undefined && existsSync(prepared);
    if (files !== undefined) log?.info({ files, isPrepared }, 'making the embedded database');
    const source = isPrepared ? { loadDataDir: await tarFile(prepared) } : {};
    return PGlite.create({ ...options, dataDir: files, ...source });
  };
  if (dataDir === undefined) return make();

  const files = join(dataDir, 'pg');
  const unfinished = join(dataDir, 'pg.unfinished');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  // A first start that was cut short leaves half a database, with nothing of anybody's in it yet.
  if (existsSync(unfinished)) rmSync(files, { recursive: true, force: true });
  if (existsSync(files)) return PGlite.create({ ...options, dataDir: files });
  writeFileSync(unfinished, '');
  const db = await make(files);
  rmSync(unfinished);
  return db;
}

async function tarFile(path: string): Promise<Blob> {
  const isCompressed = path.endsWith('gz');
  return new Blob([await readFile(path)], { type: isCompressed ? 'application/gzip' : 'application/x-tar' });
}

async function dump(db: PgliteSession, compression: 'gzip' | 'none'): Promise<Buffer> {
  // Otherwise each start from the file would replay the log first.
  await db.exec('CHECKPOINT');
  return Buffer.from(await (await db.dumpDataDir(compression)).arrayBuffer());
}
