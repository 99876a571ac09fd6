import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import {
  ServerProcess,
  findPrograms,
  findUser,
  freePort,
  subfolders,
  temporaryFolder,
} from './server-process';

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  max_connections: '300',
  // Nothing of it outlives the run.
  fsync: 'off',
  full_page_writes: 'off',
  autovacuum: 'off',
};

export interface Postgres {
  readonly url: string;
  /** A new database on it, empty or a copy of the given one; gives its address. */
  createDatabase(template?: string): Promise<string>;
  stop(): Promise<void>;
}

/** The folder of PostgreSQL's server programs, the newest version that is installed. */
export const findPostgres = (): string | undefined =>
  findPrograms(
    ['initdb', 'postgres'],
    subfolders('/usr/lib/postgresql')
      .map((folder) => join(folder, 'bin'))
      .sort((a, b) => b.localeCompare(a, undefined, { numeric: true })),
  );

/** Starts a throwaway server of its own on a free port; nothing if PostgreSQL is not installed. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const programs = findPostgres();
  if (programs === undefined) return undefined;
  const folder = temporaryFolder('postgres');
  const data = join(folder, 'data');
  // PostgreSQL refuses to run as root.
  const user = process.getuid?.() === 0 ? findUser(['postgres', 'nobody']) : undefined;
  if (user) chownSync(folder, user.uid, user.gid);
  const layout = ['-U', 'postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'];
  await promisify(execFile)(join(programs, 'initdb'), ['-D', data, ...layout], { cwd: folder, ...user });

  const port = await freePort();
  const settings = Object.entries({ ...SETTINGS, port: String(port), unix_socket_directories: folder });
  const server = await ServerProcess.start({
    folder,
    command: [
      join(programs, 'postgres'),
      '-D',
      data,
      ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    // "Immediate shutdown": nobody needs a checkpoint.
    stopSignal: 'QUIT',
    user,
  });
  const url = `postgres://postgres@127.0.0.1:${String(port)}/postgres`;
  return { url, createDatabase: (template) => createDatabase(url, template), stop: () => server.stop() };
}

export async function createDatabase(serverUrl: string, template?: string): Promise<string> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(serverUrl, (client) =>
    client.query(`CREATE DATABASE ${name}${template === undefined ? '' : ` TEMPLATE ${template}`}`),
  );
  return databaseUrl(serverUrl, name);
}

export const dropDatabase = (serverUrl: string, url: string): Promise<unknown> =>
  onServer(serverUrl, (client) =>
    client.query(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`),
  );

/** Any number, the same in all workers of a run. */
const TEMPLATE_LOCK = 20_261_124;

/** Makes a database once per server and name, however many workers ask; `fill` is given its address. */
export async function ensureTemplate(
  serverUrl: string,
  name: string,
  fill: (url: string) => Promise<void>,
): Promise<void> {
  await onServer(serverUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const found = await client.query('SELECT FROM pg_database WHERE datname = $1', [name]);
    if (found.rowCount !== 0) return;
    // It gets its name when it is filled: a half-filled one is never found.
    const unfinished = await createDatabase(serverUrl);
    await fill(unfinished);
    await client.query(`ALTER DATABASE ${new URL(unfinished).pathname.slice(1)} RENAME TO ${name}`);
  });
}

function databaseUrl(serverUrl: string, name: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** One connection for the work; an advisory lock taken on it ends with it. */
async function onServer<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
