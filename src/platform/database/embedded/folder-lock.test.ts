import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { type FolderLock, askHolder, lockFolder } from '.';
import { socketFolder } from './lock-sockets';

jest.setTimeout(30_000);

const ROOT = resolve(__dirname, '../../../..');
let folder: string;
const held: FolderLock[] = [];
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'factorgate-lock-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const lock of held.splice(0)) await lock.release();
  rmSync(folder, { recursive: true, force: true });
});

async function take(dataDir = folder): Promise<FolderLock> {
  const lock = await lockFolder(dataDir);
  if ('heldBy' in lock) throw new Error(lock.message);
  held.push(lock);
  return lock;
}

/** A process that tries to take the folder, says `taken` or `held`, and then stays. */
async function startOther(): Promise<{ child: ChildProcess; said: string }> {
  const script = `
    const { lockFolder } = require('./src/platform/database/embedded');
    lockFolder(process.argv[1]).then((lock) => {
      console.log('heldBy' in lock ? 'held' : 'taken');
      if (!('heldBy' in lock)) lock.serve(() => process.kill(process.pid, 'SIGKILL'));
      setInterval(() => undefined, 1000);
    });`;
  const args = ['--require', './test/support/typescript.cjs', '--eval', script, folder];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const [said] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, said };
}

async function leaveDeadLock(): Promise<void> {
  const { child } = await startOther();
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

describe('the folder lock', () => {
  it('refuses a second holder, says what to do, and can be taken after its release', async () => {
    const first = await take();
    await expect(lockFolder(folder)).resolves.toEqual({
      heldBy: 'another process',
      message: `The data folder ${folder} is in use by another gateway. Stop that one, or set DATA_DIR.`,
    });
    held.pop();
    await first.release();
    await take();
  });

  it('makes the folder, and a socket that only its owner can use', async () => {
    const dataDir = join(folder, 'new', 'data');
    await take(dataDir);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    const [name, ...others] = readdirSync(dataDir);
    expect(others).toEqual([]);
    expect(statSync(join(dataDir, name ?? '')).mode & 0o777).toBe(0o600);
  });

  it('is taken over from a killed process', async () => {
    await leaveDeadLock();
    await take();
    expect((await startOther()).said).toBe('held');
  });

  it('has one holder when several processes find it dead at the same time', async () => {
    await leaveDeadLock();
    const starters = await Promise.all([startOther(), startOther(), startOther()]);
    expect(starters.map(({ said }) => said).sort()).toEqual(['held', 'held', 'taken']);
  });

  it('has one holder when many in one process find it dead at the same time', async () => {
    await leaveDeadLock();
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => lockFolder(folder)));
    held.push(...outcomes.flatMap((lock) => ('heldBy' in lock ? [] : [lock])));
    expect(held).toHaveLength(1);
  });

  it('works where the path of the folder is too long for a socket', async () => {
    const dataDir = join(folder, 'long'.repeat(30));
    await take(dataDir);
    await expect(lockFolder(dataDir)).resolves.toHaveProperty('heldBy');
    const sockets = socketFolder(dataDir);
    expect(statSync(sockets).mode & 0o777).toBe(0o700);
    expect(await askHolder(folder, [], () => undefined)).toBeUndefined();
    rmSync(sockets, { recursive: true });
  });
});

describe('a command handed to the holder', () => {
  it('is run there; its lines come as they are written, and its exit code at the end', async () => {
    const lock = await take();
    let finish: () => void = () => undefined;
    const lastLineSeen = new Promise<void>((seen) => (finish = seen));
    lock.serve(async (command, write) => {
      write(`ran ${command.join(' ')}`);
      write('two\nlines, "quoted"');
      await lastLineSeen;
      return 3;
    });
    const lines: string[] = [];
    const exit = await askHolder(folder, ['user', 'create', 'Ünï'], (line) => {
      lines.push(line);
      if (lines.length === 2) finish();
    });
    expect({ exit, lines }).toEqual({ exit: 3, lines: ['ran user create Ünï', 'two\nlines, "quoted"'] });
  });

  it('waits for a holder that is still starting', async () => {
    const lock = await take();
    const asked = askHolder(folder, ['early'], () => undefined);
    await new Promise((later) => setTimeout(later, 50));
    lock.serve(() => Promise.resolve(0));
    await expect(asked).resolves.toBe(0);
  });

  it('that throws is reported with exit code 1', async () => {
    (await take()).serve(() => Promise.reject(new Error('no such user')));
    const lines: string[] = [];
    expect(await askHolder(folder, ['user'], (line) => lines.push(line))).toBe(1);
    expect(lines).toEqual(['error: no such user']);
  });

  it('goes to nobody where nobody holds the folder, be it new, free or left by a killed process', async () => {
    const ask = (dataDir: string) => askHolder(dataDir, ['user'], () => undefined);
    await expect(ask(join(folder, 'absent'))).resolves.toBeUndefined();
    await expect(ask(folder)).resolves.toBeUndefined();
    await leaveDeadLock();
    await expect(ask(folder)).resolves.toBeUndefined();
  });

  it('fails if the holder dies meanwhile', async () => {
    await startOther();
    await expect(askHolder(folder, ['die'], () => undefined)).rejects.toThrow('the gateway stopped');
  });
});
