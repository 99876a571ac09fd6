import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Pool as PgPool } from 'pg';
import { type Embedded, lockFolder, openEmbedded } from '.';

jest.setTimeout(60_000);

const ROOT = resolve(__dirname, '../../../..');
const folder = mkdtempSync(join(tmpdir(), 'factorgate-embedded-'));
const prepared = join(folder, 'prepared.tar.gz');
let inMemory: Embedded;

const poolOf = (embedded: Embedded): PgPool => new (embedded.driver.Pool as typeof PgPool)();
const numbers = async (pool: PgPool): Promise<number[]> =>
  (await pool.query<{ id: number }>('SELECT id FROM thing ORDER BY id')).rows.map((row) => row.id);

beforeAll(async () => {
  inMemory = await openEmbedded({ waitMilliseconds: 100 });
  const pool = poolOf(inMemory);
  await pool.query('CREATE TABLE thing (id int PRIMARY KEY); INSERT INTO thing VALUES (0)');
  writeFileSync(prepared, await inMemory.dump());
  await pool.end();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a database in memory', () => {
  it('is dumped only while no transaction is open', async () => {
    const pool = poolOf(inMemory);
    const client = await pool.connect();
    await client.query('BEGIN');
    await expect(inMemory.dump()).rejects.toThrow('embedded database busy');
    client.release();
    await pool.end();
  });

  it('refuses queries once it is closed', async () => {
    const pool = poolOf(inMemory);
    await inMemory.close();
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: '57P03' });
    await pool.end();
  });
});

describe('a data folder', () => {
  it('starts again from the prepared file if its first start was cut short', async () => {
    const dataDir = join(folder, 'cut-short');
    mkdirSync(join(dataDir, 'pg'), { recursive: true });
    writeFileSync(join(dataDir, 'pg', 'PG_VERSION'), '18\n');
    writeFileSync(join(dataDir, 'pg.unfinished'), '');
    const embedded = await openEmbedded({ dataDir, prepared });
    const pool = poolOf(embedded);
    expect(await numbers(pool)).toEqual([0]);
    expect(existsSync(join(dataDir, 'pg.unfinished'))).toBe(false);
    await pool.end();
    await embedded.close();
  });

  it('keeps what was committed, and nothing else, when its process is killed', async () => {
    const dataDir = join(folder, 'killed');
    const child = startWriter(dataDir);
    const committed = await killAfter(child, 100);

    const lock = await lockFolder(dataDir);
    if ('heldBy' in lock) throw new Error(lock.message);
    const embedded = await openEmbedded({ dataDir });
    const pool = poolOf(embedded);
    const found = await numbers(pool);
    // The last commit may have been made, but not reported any more.
    expect(found.slice(0, committed.length + 1)).toEqual([0, ...committed]);
    expect(found.length).toBeLessThanOrEqual(committed.length + 2);
    expect(found.at(-1)).toBeLessThan(1_000_000);
    await pool.query('INSERT INTO thing VALUES (2000000)');
    await pool.end();
    await embedded.close();
    await lock.release();
  });
});

/** Commits 1, 2, 3 … in a process of its own and says so after each; between two, a transaction stands open. */
function startWriter(dataDir: string): ChildProcess {
  const script = `
    const { lockFolder, openEmbedded } = require('./src/platform/database/embedded');
    (async () => {
      await lockFolder(process.argv[1]);
      const { driver } = await openEmbedded({ dataDir: process.argv[1], prepared: process.argv[2] });
      const pool = new driver.Pool();
      for (let id = 1; ; id += 1) {
        const client = await pool.connect();
        await client.query('BEGIN');
        await client.query('INSERT INTO thing VALUES ($1)', [id]);
        await client.query('COMMIT');
        console.log(id);
        await client.query('BEGIN');
        await client.query('INSERT INTO thing VALUES (1000000)');
        await client.query('ROLLBACK');
        client.release();
      }
    })();`;
  const args = ['--require', './test/support/typescript.cjs', '--eval', script, dataDir, prepared];
  return spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
}

async function killAfter(child: ChildProcess, lines: number): Promise<number[]> {
  if (!child.stdout) throw new Error('the child has no output');
  const said: number[] = [];
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(Number(line));
    if (said.length === lines) child.kill('SIGKILL');
  }
  await ended;
  return said;
}
