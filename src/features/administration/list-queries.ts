import { after, newId, type IdPrefix } from '../../kernel';
import type { Database, Sql } from '../../platform';
import type { Conditions } from './conditions';
import { paged, type Page, type Paged } from './pages';

/** Counting goes so far. */
const COUNTED_MAX = 10_000;

/** Ids tell the time of the process, columns that of the database. */
const CLOCKS_APART = 300_000;

/** Where the ids of a list come from. */
export interface Source {
  /** A table and its alias `t`. */
  readonly table: string;
  readonly conditions: Conditions;
  /**
   * A row set `branch`: each of its rows leads to an ordered part of an index, and the newest of all parts are the newest
   * of the list.
   */
  readonly branches?: string;
  /** One condition is met by either of two indexes, which takes bitmaps. */
  readonly hasAlternatives?: boolean;
}

/** The lowest id of an instant, or the highest. */
export function idAt(prefix: IdPrefix, instant: Date, side: 'lowest' | 'highest' = 'lowest'): string {
  const fill = side === 'lowest' ? 0 : 255;
  return newId(
    prefix,
    { now: () => new Date(Math.max(0, instant.getTime())) },
    { bytes: (count) => Buffer.alloc(count, fill), below: () => 0 },
  );
}

/** An id below all that were made at that time or later, or above all made until then, however the clocks differ. */
export const idAround = (prefix: IdPrefix, instant: Date, side: 'below' | 'above'): string =>
  side === 'below'
    ? idAt(prefix, after(instant, -CLOCKS_APART))
    : idAt(prefix, after(instant, CLOCKS_APART), 'highest');

/**
 * Plans are made for the values at hand: how many users a beginning fits, how often an address occurs; one made for all
 * values would walk a whole table for the rare ones. No page is worth reading a table from end to end, and the servers of
 * today read at random about as fast as in order.
 */
const PLANNING = {
  plan_cache_mode: 'force_custom_plan',
  enable_seqscan: 'off',
  random_page_cost: '1.1',
  max_parallel_workers_per_gather: '0',
  jit: 'off',
};

const settings = (values: object): string =>
  Object.entries(values)
    .map(([name, value]) => `set_config('${name}', '${String(value)}', true)`)
    .join(', ');
const FOR_ALL = settings(PLANNING);
/** Reads an index in its order and stops; a bitmap would first gather all that an index holds of a frequent value. */
const IN_ORDER = settings({ ...PLANNING, enable_bitmapscan: 'off' });

/** Runs a statement of a list. */
const planned = <T>(
  database: Database,
  { hasAlternatives }: Source,
  work: (tx: Sql) => Promise<T>,
): Promise<T> =>
  database.transaction(async (tx) => {
    await tx.rows(`SELECT ${hasAlternatives ? FOR_ALL : IN_ORDER}`);
    return work(tx);
  });

/** One page of ids, newest first. */
async function idsOf(
  tx: Sql,
  { table, conditions: { where, values }, branches }: Source,
  page: Page,
): Promise<Paged<string>> {
  const newest = `ORDER BY t.id DESC LIMIT $${String(values.length + 1)}`;
  const part = `SELECT t.id FROM ${table} t WHERE ${where} ${newest}`;
  const text = branches ? `SELECT t.id FROM ${branches} CROSS JOIN LATERAL (${part}) AS t ${newest}` : part;
  const rows = await tx.rows<{ id: string }>(text, [...values, page.first + 1]);
  return paged(
    rows.map(({ id }) => id),
    page,
  );
}

/** How many there are, as far as that is counted; null: more. */
async function countOf(
  tx: Sql,
  { table, conditions: { where, values }, branches }: Source,
): Promise<number | null> {
  const limit = `LIMIT ${String(COUNTED_MAX + 1)}`;
  // Every id is more than nothing: so there is an index to read where no condition has one of its own.
  const part = `SELECT FROM ${table} t WHERE ${where} AND t.id > '' ${limit}`;
  const found = branches ? `SELECT FROM ${branches} CROSS JOIN LATERAL (${part}) AS t ${limit}` : part;
  const row = await tx.row<{ count: number }>(
    `SELECT count(*)::integer AS count FROM (${found}) AS counted`,
    values,
  );
  const count = row?.count ?? 0;
  return count > COUNTED_MAX ? null : count;
}

/** A list that is read page by page, and counted only where that is asked for. */
export class ListQuery {
  constructor(
    private readonly database: Database,
    private readonly sourceOf: (after: string | null) => Source,
  ) {}

  page(page: Page): Promise<Paged<string>> {
    const source = this.sourceOf(page.after);
    return planned(this.database, source, (tx) => idsOf(tx, source, page));
  }

  count(): Promise<number | null> {
    const source = this.sourceOf(null);
    return planned(this.database, source, (tx) => countOf(tx, source));
  }
}
