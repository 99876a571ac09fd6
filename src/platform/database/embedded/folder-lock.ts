import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { type Server, type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { type HandleCommand, answerCommand, sendCommand } from './folder-commands';
import { claimNumber, connectTo, newestNumber, removeOlder, socketFolder, socketPath } from './lock-sockets';

export interface FolderLock {
  /** Commands that were sent before this wait for it. */
  serve(handle: HandleCommand): void;
  release(): Promise<void>;
}
export interface FolderHeld {
  readonly heldBy: 'another process';
  readonly message: string;
}

/**
 * Takes the data folder for this process, as long as it lives; makes the folder if there is none.
 *
 * The lock is a socket that listens: the kernel closes it with its process, however that ends, so a dead holder is
 * told from a living one by a refused connection. Sockets are numbered and the highest number holds. Who finds it
 * dead claims the next one by a hard link, of which the file system lets one succeed, with a socket that listens
 * already, so it is never taken for dead. The highest is never removed, not even at release: a slow starter that
 * saw an older number dead thus always meets a higher one, and withdraws.
 */
export async function lockFolder(dataDir: string): Promise<FolderLock | FolderHeld> {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const folder = socketFolder(dataDir);
  const nameless = join(folder, `lock.${randomBytes(4).toString('hex')}.new`);
  const commands = new CommandServer();
  await commands.listen(nameless);
  try {
    if (await claim(folder, nameless)) return commands;
  } finally {
    rmSync(nameless, { force: true });
  }
  await commands.release();
  const message = `The data folder ${dataDir} is in use by another gateway. Stop that one, or set DATA_DIR.`;
  return { heldBy: 'another process', message };
}

/** Hands a command to the gateway that holds the folder; `undefined` if none does. Gives the command's exit code. */
export async function askHolder(
  dataDir: string,
  command: readonly string[],
  write: (line: string) => void,
): Promise<number | undefined> {
  if (!existsSync(dataDir)) return undefined;
  const folder = socketFolder(dataDir);
  const socket = await connectTo(socketPath(folder, newestNumber(folder)));
  return socket && sendCommand(socket, command, write);
}

async function claim(folder: string, listening: string): Promise<boolean> {
  for (;;) {
    const newest = newestNumber(folder);
    const holder = await connectTo(socketPath(folder, newest));
    holder?.destroy();
    if (holder) return false;
    const ours = newest + 1;
    if (!claimNumber(folder, listening, ours)) continue;
    if (newestNumber(folder) === ours) {
      removeOlder(folder, ours);
      return true;
    }
    rmSync(socketPath(folder, ours), { force: true });
  }
}

class CommandServer implements FolderLock {
  private readonly open = new Set<Socket>();
  private readonly server: Server;
  private found: (handle: HandleCommand) => void = () => undefined;

  constructor() {
    const handler = new Promise<HandleCommand>((found) => (this.found = found));
    this.server = createServer((socket) => {
      this.open.add(socket);
      socket.once('close', () => this.open.delete(socket));
      answerCommand(socket, handler);
    });
    // The lock by itself keeps no process alive.
    this.server.unref();
  }

  async listen(path: string): Promise<void> {
    this.server.listen(path);
    await once(this.server, 'listening');
    chmodSync(path, 0o600);
  }

  serve(handle: HandleCommand): void {
    this.found(handle);
  }

  async release(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.open) socket.destroy();
    await closed;
  }
}
