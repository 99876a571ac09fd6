import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { RequestFault } from '../../kernel';
import { camelRows } from './columns';

/** Hand-written statements, values by `$1`. Rows come back with camelCase names. */
export interface Sql {
  rows<T>(text: string, values?: readonly unknown[]): Promise<T[]>;
  row<T>(text: string, values?: readonly unknown[]): Promise<T | undefined>;
  /** How many rows were changed. */
  affected(text: string, values?: readonly unknown[]): Promise<number>;
}

/** One transaction. What is done through it happens together or not at all. */
export interface UnitOfWork extends Sql {
  readonly manager: EntityManager;
  /** Runs once the transaction is committed; never if it is rolled back. Must not throw. */
  afterCommit(work: () => void): void;
}

const RETRYABLE = new Set(['40P01', '40001']);
const ATTEMPTS = 2;

export class Database implements Sql {
  constructor(readonly source: DataSource) {}

  async rows<T>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    return camelRows<T>((await this.run(text, values)).records as Record<string, unknown>[]);
  }

  async row<T>(text: string, values: readonly unknown[] = []): Promise<T | undefined> {
    return (await this.rows<T>(text, values))[0];
  }

  async affected(text: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.run(text, values)).affected ?? 0;
  }

  /** Runs the work in one READ COMMITTED transaction; a deadlock or serialization failure is retried once. */
  async transaction<T>(work: (tx: UnitOfWork) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.once(work);
      } catch (error) {
        if (attempt >= ATTEMPTS || !RETRYABLE.has(sqlState(error))) throw readable(error);
      }
    }
  }

  private async once<T>(work: (tx: UnitOfWork) => Promise<T>): Promise<T> {
    const runner = this.source.createQueryRunner();
    const later: (() => void)[] = [];
    try {
      await runner.startTransaction();
      const result = await work(new Transaction(runner, later));
      await runner.commitTransaction();
      for (const ring of later) ring();
      return result;
    } catch (error) {
      if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
      throw error;
    } finally {
      await runner.release();
    }
  }

  private async run(text: string, values: readonly unknown[]) {
    const runner = this.source.createQueryRunner();
    try {
      return await runner.query(text, values as unknown[], true);
    } catch (error) {
      throw readable(error);
    } finally {
      await runner.release();
    }
  }
}

class Transaction implements UnitOfWork {
  constructor(
    private readonly runner: QueryRunner,
    private readonly later: (() => void)[],
  ) {}

  get manager(): EntityManager {
    return this.runner.manager;
  }

  async rows<T>(text: string, values: readonly unknown[] = []): Promise<T[]> {
    const result = await this.runner.query(text, values as unknown[], true);
    return camelRows<T>(result.records as Record<string, unknown>[]);
  }

  async row<T>(text: string, values: readonly unknown[] = []): Promise<T | undefined> {
    return (await this.rows<T>(text, values))[0];
  }

  async affected(text: string, values: readonly unknown[] = []): Promise<number> {
    return (await this.runner.query(text, values as unknown[], true)).affected ?? 0;
  }

  afterCommit(work: () => void): void {
    this.later.push(work);
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
