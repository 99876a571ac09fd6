import { RequestFault, days } from '../../kernel';
import type { Database } from '../../platform';
import { factorKinds, kindModule } from '../factors';
import { countDay, readDays, uncountedDays, type DayRow } from './statistics.store';

const DAYS_MAX = 92;
/** The present day is counted anew so often. */
const AGAIN_AFTER_SECONDS = 300;
/** What was written just before midnight is there by then. */
const CLOSED_AFTER_SECONDS = 300;
const DAYS_PER_TURN = 5;

const dayOf = (instant: Date): string => instant.toISOString().slice(0, 10);

/** One row a day, for a dashboard. Days are counted in the background, so that a look reads at most 92 rows. */
export class Statistics {
  private readonly rung: readonly string[];

  constructor(private readonly database: Database) {
    this.rung = factorKinds
      .map(({ kind }) => kind as string)
      .filter((kind) => kindModule(kind).traits.answeredBy === 'device');
  }

  /** From the day of `since` to that of `until`; the present day as it was at most five minutes ago. */
  async daily(since: Date, until: Date | null): Promise<DayRow[]> {
    const now = await this.now();
    const last = until === null || until > now ? now : until;
    if (since > last) throw new RequestFault('BAD_USER_INPUT', '`since` must be before `until`.');
    const begin = Date.parse(`${dayOf(since)}T00:00:00.000Z`);
    const count = Math.floor((last.getTime() - begin) / days(1)) + 1;
    if (count > DAYS_MAX)
      throw new RequestFault('BAD_USER_INPUT', `At most ${String(DAYS_MAX)} days can be asked for.`);
    const wanted = Array.from({ length: count }, (_, index) => dayOf(new Date(begin + index * days(1))));
    const found = await readDays(this.database, wanted[0] as string, wanted.at(-1) as string);
    const byDay = new Map(found.map((row) => [row.day, row]));
    return wanted.map((day) => byDay.get(day) ?? nothingOn(day));
  }

  /** Counts the days that are due. */
  async sweep(): Promise<void> {
    const due = await uncountedDays(this.database, {
      days: DAYS_MAX,
      againAfterSeconds: AGAIN_AFTER_SECONDS,
      closedAfterSeconds: CLOSED_AFTER_SECONDS,
      limit: DAYS_PER_TURN,
    });
    for (const { day } of due) {
      await this.database.transaction(async (tx) => {
        await tx.rows(`SET LOCAL statement_timeout = '60s'`);
        await countDay(tx, day, { rung: this.rung });
      });
    }
  }

  private async now(): Promise<Date> {
    const row = await this.database.row<{ now: Date }>('SELECT gateway_now() AS now');
    return (row as { now: Date }).now;
  }
}

const nothingOn = (day: string): DayRow => ({
  day,
  signIns: 0,
  failures: 0,
  pushDenials: 0,
  enrolledUsers: 0,
  usersInGrace: 0,
  challenges: {},
});
