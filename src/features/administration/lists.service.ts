import type { Database } from '../../platform';
import { auditLines, type AuditLine } from '../events';
import type { FactorFacts, Factors } from '../factors';
import type { Limits } from '../limits';
import type { User, Users } from '../users';
import { auditEventsBy, type AuditEventFilter } from './audit-query.store';
import { factorsBy, type FactorFilter } from './factors-query.store';
import { ListQuery } from './list-queries';
import type { Page, Paged } from './pages';
import { usersBy, type UserFilter } from './users-query.store';

/** A part of a list, and how to count all of it. */
export interface Listed<Row> {
  readonly page: Paged<Row>;
  readonly count: () => Promise<number | null>;
}

/** A factor, and from when it may be guessed at. */
export interface ListedFactor {
  readonly factor: FactorFacts;
  readonly retryAt: Date | null;
}

/** The lists of the help desk. Ids are found by an index, newest first; their rows are read by them. */
export class Lists {
  constructor(
    private readonly database: Database,
    private readonly usersService: Users,
    private readonly factorsService: Factors,
    private readonly limits: Limits,
  ) {}

  users(filter: UserFilter, page: Page): Promise<Listed<User>> {
    const query = new ListQuery(this.database, (after) => usersBy(filter, after));
    return listed(query, page, (ids) => this.usersService.many(ids));
  }

  factors(filter: FactorFilter, page: Page): Promise<Listed<ListedFactor>> {
    const query = new ListQuery(this.database, (after) => factorsBy(filter, after));
    return listed(query, page, async (ids) => {
      const found = await this.factorsService.many(ids);
      const delays = await this.limits.guessDelays([...new Set(found.map(({ userId }) => userId))]);
      return found.map((factor) => ({ factor, retryAt: delays.get(factor.userId) ?? null }));
    });
  }

  auditEvents(filter: AuditEventFilter, page: Page): Promise<Listed<AuditLine>> {
    const query = new ListQuery(this.database, (after) => auditEventsBy(filter, after));
    return listed(query, page, (ids) => auditLines(this.database, ids));
  }
}

async function listed<Row>(
  query: ListQuery,
  page: Page,
  rowsOf: (ids: readonly string[]) => Promise<readonly Row[]>,
): Promise<Listed<Row>> {
  const { rows, hasNextPage } = await query.page(page);
  return { page: { rows: await rowsOf(rows), hasNextPage }, count: () => query.count() };
}
