import type { Pool, PoolClient, QueryResult } from 'pg';
import type { DataSource } from 'typeorm';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver';
import { RequestFault } from '../../kernel';
import { camelRows } from './columns';
import { statementName } from './statement-name';

/** Hand-written statements, values by `$1`. Rows come back with camelCase names. */
export interface Sql {
  rows<T>(text: string, values?: readonly unknown[]): Promise<T[]>;
  row<T>(text: string, values?: readonly unknown[]): Promise<T | undefined>;
  /** How many rows were changed. */
  affected(text: string, values?: readonly unknown[]): Promise<number>;
}

/** One transaction. What is done through it happens together or not at all. */
export interface UnitOfWork extends Sql {
  /** Runs once the transaction is committed; never if it is rolled back. Must not throw. */
  afterCommit(work: () => void): void;
}

const RETRYABLE = new Set(['40P01', '40001']);
const ATTEMPTS = 2;

type Run = (text: string, values?: readonly unknown[]) => Promise<QueryResult<Record<string, unknown>>>;

class Statements implements Sql {
  constructor(private readonly run: Run) {}

  async rows<T>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    return camelRows<T>((await this.run(text, values)).rows);
  }

  async row<T>(text: string, values: readonly unknown[] = []): Promise<T | undefined> {
    return (await this.rows<T>(text, values))[0];
  }

  async affected(text: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.run(text, values)).rowCount ?? 0;
  }
}

/**
 * Runs on the pool of TypeORM's data source, past its query runners: those cost as much CPU as the statement itself.
 */
export class Database extends Statements {
  constructor(readonly source: DataSource) {
    super(async (text, values) => {
      try {
        return await this.onConnection((run) => run(text, values));
      } catch (error) {
        throw readable(error);
      }
    });
  }

  /** Runs the work in one READ COMMITTED transaction; a deadlock or serialization failure is retried once. */
  async transaction<T>(work: (tx: UnitOfWork) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.onConnection((run) => transact(run, work));
      } catch (error) {
        if (attempt >= ATTEMPTS || !RETRYABLE.has(sqlState(error))) throw readable(error);
      }
    }
  }

  private async onConnection<T>(work: (run: Run) => Promise<T>): Promise<T> {
    const client = await this.connect();
    // A connection that breaks fails its statement; unheard, the event would end the process besides.
    const ignore = (): void => undefined;
    client.on('error', ignore);
    try {
      return await work((text, values = []) =>
        client.query({ ...this.named(text, values), values: [...values] }),
      );
    } finally {
      client.off('error', ignore);
      // One that is left in a transaction could not be rolled back, and is of no further use.
      client.release(client.getTransactionStatus() !== 'I');
    }
  }

  private async connect(): Promise<PoolClient> {
    const pool = (this.source.driver as PostgresDriver).master as Pool | undefined;
    if (!pool) throw new Error('Driver not Connected');
    return pool.connect();
  }

  /** The embedded database has one session behind all its connections: names would clash there. */
  private named(text: string, values: readonly unknown[]): { text: string; name?: string } {
    const isEmbedded = 'driver' in this.source.options && this.source.options.driver !== undefined;
    return { text, name: isEmbedded || values.length === 0 ? undefined : statementName(text) };
  }
}

async function transact<T>(run: Run, work: (tx: UnitOfWork) => Promise<T>): Promise<T> {
  const tx = new Transaction(run);
  await run('BEGIN');
  try {
    const result = await work(tx);
    await run('COMMIT');
    tx.committed();
    return result;
  } catch (error) {
    await run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

class Transaction extends Statements implements UnitOfWork {
  private readonly later: (() => void)[] = [];

  afterCommit(work: () => void): void {
    this.later.push(work);
  }

  committed(): void {
    for (const ring of this.later) ring();
  }
}

/** The five-letter SQLSTATE of a database error, or the code of a network error, or nothing. */
export function sqlState(error: unknown): string {
  const cause = (error as { driverError?: unknown }).driverError ?? error;
  const code = (cause as { code?: unknown }).code;
  return typeof code === 'string' ? code : '';
}

/** Whether a unique index refused the row. */
export const isDuplicate = (error: unknown): boolean => sqlState(error) === '23505';

/**
 * Connection failures (class 08, 53, 57) and timeouts: the database could not be asked.
 * Authentication then fails closed, and the caller may try again.
 */
const UNREACHABLE = /^(08|53|57)|^(ECONNREFUSED|ECONNRESET|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|ENOENT)$/;
const UNREACHABLE_TEXT =
  /timeout exceeded|Connection terminated|not queryable|embedded database busy|Driver not Connected/i;

function readable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const isAway = UNREACHABLE.test(sqlState(error)) || UNREACHABLE_TEXT.test(error.message);
  return isAway ? new RequestFault('SERVICE_UNAVAILABLE', undefined, error.message) : error;
}
