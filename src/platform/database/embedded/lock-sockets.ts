import { createHash } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { type Socket, createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A socket's path holds 107 bytes on Linux and 103 elsewhere; the longest name in the folder needs 21 of them. */
const FOLDER_BYTES_MAX = 103 - 21;
const NAME = /^lock\.(\d{1,9})\.sock$/;

/**
 * The folder that holds the lock's sockets: the data folder, or a private one among the temporary files, named by a
 * hash, where the path would be too long for a socket.
 */
export function socketFolder(dataDir: string): string {
  const real = realpathSync(dataDir);
  if (Buffer.byteLength(real) <= FOLDER_BYTES_MAX) return real;
  const uid = process.getuid?.() ?? 0;
  const ours = join(tmpdir(), `factorgate-${String(uid)}`);
  mkdirSync(ours, { recursive: true, mode: 0o700 });
  const found = lstatSync(ours);
  // Everybody may write among the temporary files: a folder laid there by somebody else would be a false lock.
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0) {
    throw new Error(`${ours} must be a folder that only this user can open: remove it`);
  }
  const folder = join(ours, createHash('sha256').update(real).digest('hex').slice(0, 16));
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

export const socketPath = (folder: string, number: number): string =>
  join(folder, `lock.${String(number)}.sock`);

/** The number of the last socket that was claimed, 0 if there is none. */
export const newestNumber = (folder: string): number => Math.max(0, ...numbersIn(folder));

/** Gives a listening socket its number; false if somebody else has it. */
export function claimNumber(folder: string, listening: string, number: number): boolean {
  try {
    linkSync(listening, socketPath(folder, number));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

export function removeOlder(folder: string, number: number): void {
  for (const older of numbersIn(folder)) {
    if (older < number) rmSync(socketPath(folder, older), { force: true });
  }
}

/** A connection to whoever listens there, or nothing if its process is gone. */
export function connectTo(path: string): Promise<Socket | undefined> {
  return new Promise((found, failed) => {
    const socket = createConnection(path);
    socket.once('connect', () => found(socket));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') found(undefined);
      else failed(error);
    });
  });
}

const numbersIn = (folder: string): number[] =>
  readdirSync(folder).flatMap((name) => {
    const number = NAME.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
