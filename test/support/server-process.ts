import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, readdirSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/**
 * Runs the server until our end of its input closes, which the kernel does however this process ends. Then it is
 * stopped and its folder removed: no test run leaves a server behind, not even one that was killed.
 */
const WATCH =
  '"$@" </dev/null & server=$!; echo "pid $server"; cat >/dev/null; kill -s "$STOP" $server; wait; rm -rf "$FOLDER"';
const READY = /ready to accept connections/i;

export interface ServerOptions {
  readonly folder: string;
  readonly command: readonly string[];
  /** The signal that ends it at once. */
  readonly stopSignal: 'QUIT' | 'TERM';
  readonly user?: User;
  readonly environment?: Readonly<Record<string, string>>;
  /** What it says when it is ready. */
  readonly ready?: RegExp;
}
export interface User {
  readonly uid: number;
  readonly gid: number;
}

/** A server of another program, for the time of a test run. */
export class ServerProcess {
  private constructor(
    private readonly watcher: ChildProcess,
    private readonly pid: number,
  ) {}

  /** Resolves when the server says that it is ready; fails with what it said if it ends before. */
  static async start(options: ServerOptions): Promise<ServerProcess> {
    const { folder, command, stopSignal, user, environment, ready: whenReady = READY } = options;
    const watcher = spawn('/bin/sh', ['-c', WATCH, 'sh', ...command], {
      // Its own process group: Ctrl-C stops it through its input, in order.
      detached: true,
      cwd: folder,
      env: { ...process.env, ...environment, STOP: stopSignal, FOLDER: folder, LC_ALL: 'C' },
      ...user,
    });
    let said = '';
    const pid = await new Promise<number>((ready, failed) => {
      const hear = (text: Buffer): void => {
        said += text.toString();
        if (whenReady.test(said)) ready(Number(/^pid (\d+)$/m.exec(said)?.[1]));
      };
      watcher.stdout.on('data', hear);
      watcher.stderr.on('data', hear);
      watcher.once('error', failed);
      watcher.stdout.once('end', () => failed(new Error(`${command[0] ?? ''} did not start:\n${said}`)));
    });
    return new ServerProcess(watcher, pid);
  }

  async stop(): Promise<void> {
    if (this.watcher.exitCode !== null) return;
    const ended = once(this.watcher, 'exit');
    this.watcher.stdin?.end();
    await ended;
  }

  /** Ends it as a crash would. */
  crash(): void {
    process.kill(this.pid, 'SIGKILL');
  }
}

/** The folder of the first place that has all the programs: `PATH`, then the given folders. */
export function findPrograms(
  names: readonly string[],
  otherFolders: readonly string[] = [],
): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...otherFolders];
  return folders.find((folder) => folder !== '' && names.every((name) => isExecutable(join(folder, name))));
}

export const subfolders = (folder: string): string[] => {
  try {
    return readdirSync(folder).map((name) => join(folder, name));
  } catch {
    return [];
  }
};

export const temporaryFolder = (what: string): string => mkdtempSync(join(tmpdir(), `factorgate-${what}-`));

export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** The first of the named users that this system has. */
export function findUser(names: readonly string[]): User | undefined {
  for (const name of names) {
    try {
      const id = (flag: string): number => Number(execFileSync('id', [flag, name], { stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      continue;
    }
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
