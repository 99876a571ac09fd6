import type { LineResult } from './imports.service';

/** What an import did so far. */
export interface ImportCounts {
  readonly imported: number;
  readonly skipped: number;
  readonly faulty: number;
}

/** One line of the file, with its number from 1. */
export type NumberedLine = readonly [number: number, text: string];

/** What is said of a line: nothing where all is well. */
export function wordsOn(number: number, result: LineResult): string[] {
  const place = `line ${String(number)}`;
  if (result.outcome === 'faulty') return result.faults.map((fault) => `${place}: ${fault}`);
  if (result.outcome === 'skipped') return [`${place}: skipped, the account is there already`];
  return result.warnings.map((warning) => `${place}: without ${warning}`);
}
