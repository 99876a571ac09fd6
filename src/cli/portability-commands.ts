import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { compactDecrypt, importJWK, type JWK } from 'jose';
import type { ImportCounts, NumberedLine } from '../features/portability';
import { onGateway } from './gateway-commands';

type Print = (line: string) => void;
type Run = Parameters<Parameters<typeof onGateway>[0]>[0];

/** Lines that go to the gateway at a time: what it and this process hold in memory. */
const LINES_MAX = 100;
const SIGNS_MAX = 500_000;

export interface ImportOptions {
  readonly dryRun?: boolean;
  /** File with the private JWK that an encrypted export was made for. */
  readonly key?: string;
}

/**
 * Reads the file here, since a running gateway may not see it, and hands it over piece by piece. Sets exit code 1 if a line
 * was faulty; all others are imported.
 */
export async function importFile(file: string, options: ImportOptions, print: Print): Promise<void> {
  const opened = options.key === undefined ? undefined : await opener(options.key);
  const total = { imported: 0, skipped: 0, faulty: 0 };
  await onGateway(async (run) => {
    for await (const piece of pieces(file, opened)) {
      const counts = await sendPiece(run, piece, options.dryRun ?? false, print);
      total.imported += counts.imported;
      total.skipped += counts.skipped;
      total.faulty += counts.faulty;
    }
  });
  const done = options.dryRun ? 'would be imported' : 'imported';
  print(
    `${String(total.imported)} ${done}, ${String(total.skipped)} skipped, ${String(total.faulty)} faulty`,
  );
  if (total.faulty > 0) process.exitCode = 1;
}

/** Prints one encrypted line per user, page by page. */
export async function exportUsers(recipient: string, user: string | undefined, print: Print): Promise<void> {
  const jwk = existsSync(recipient) ? readFileSync(recipient, 'utf8') : recipient;
  await onGateway(async (run) => {
    let next: string | null = '';
    while (next !== null) {
      const lines: string[] = [];
      const exit = await run(['export', 'page', jwk, next, user ?? ''], (line) => lines.push(line));
      if (exit !== 0) throw new Error(lines.join('\n'));
      // The last line says where the next page begins.
      const { next: following } = JSON.parse(lines.pop() ?? '') as { next: string | null };
      lines.forEach(print);
      if (next === '' && following === null && lines.length === 0) throw new Error('no such user');
      next = following;
    }
  });
}

async function sendPiece(
  run: Run,
  piece: readonly NumberedLine[],
  isDryRun: boolean,
  print: Print,
): Promise<ImportCounts> {
  const lines: string[] = [];
  const command = ['import', 'lines', isDryRun ? 'dry' : 'real', JSON.stringify(piece)];
  const exit = await run(command, (line) => lines.push(line));
  if (exit !== 0) throw new Error(lines.join('\n'));
  const counts = JSON.parse(lines.pop() ?? '') as ImportCounts;
  lines.forEach(print);
  return counts;
}

type Open = (line: string) => Promise<string>;

async function* pieces(file: string, open: Open | undefined): AsyncGenerator<NumberedLine[]> {
  let piece: [number, string][] = [];
  let signs = 0;
  let number = 0;
  for await (const text of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    number += 1;
    if (text.trim() === '') continue;
    const line = open ? await open(text) : text;
    piece.push([number, line]);
    signs += line.length;
    if (piece.length < LINES_MAX && signs < SIGNS_MAX) continue;
    yield piece;
    [piece, signs] = [[], 0];
  }
  if (piece.length > 0) yield piece;
}

/** A line that does not open goes on as it is, and is told as a fault with its number. */
async function opener(file: string): Promise<Open> {
  const jwk = JSON.parse(readFileSync(file, 'utf8')) as JWK;
  const alg = jwk.kty === 'RSA' ? 'RSA-OAEP-256' : 'ECDH-ES+A256KW';
  const key = await importJWK(jwk, alg);
  return async (line) => {
    try {
      const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: ['A256GCM'] };
      return Buffer.from((await compactDecrypt(line, key, options)).plaintext).toString();
    } catch {
      return line;
    }
  };
}
