import { Arg, Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { Role } from '../../kernel';
import { DateTime, withRole, type RequestContext } from '../../platform';
import { factorKindEnum, kindModule } from '../factors';
import type { Statistics } from './statistics.service';
import type { DayRow } from './statistics.store';

@ObjectType('KindCount')
export class KindCount {
  @Field(() => factorKindEnum)
  kind!: string;

  @Field(() => Int)
  count!: number;
}

@ObjectType('DailyStatistics', { description: 'One day of sign-ins, in UTC.' })
export class DailyStatistics {
  @Field(() => String, { description: 'For example `2026-11-24`.' })
  date!: string;

  @Field(() => Int, { description: 'Completed ones.' })
  signIns!: number;

  @Field(() => Int, {
    description: 'Refused first factors, and sign-ins that failed at the second or were given up.',
  })
  failures!: number;

  @Field(() => [KindCount])
  challengesByKind!: readonly KindCount[];

  @Field(() => Int, { description: 'Denied, mistyped or reported on the phone.' })
  pushDenials!: number;

  @Field(() => Int, { description: 'Users with a second factor at the end of the day.' })
  enrolledUsers!: number;

  @Field(() => Int, {
    description: 'Users without one at the end of the day, whose time to enroll still ran.',
  })
  usersInGrace!: number;

  @Field(() => [KindCount], {
    description: 'Codes and push requests of challenges that were handed to a channel.',
  })
  messagesSent!: readonly KindCount[];

  static from({ day, challenges, ...counts }: DayRow): DailyStatistics {
    const challengesByKind = Object.entries(challenges)
      .filter(([kind]) => kind in factorKindEnum)
      .sort(([one], [other]) => one.localeCompare(other))
      .map(([kind, count]) => Object.assign(new KindCount(), { kind, count }));
    return Object.assign(new DailyStatistics(), {
      ...counts,
      date: day,
      challengesByKind,
      messagesSent: challengesByKind.filter(({ kind }) => kindModule(kind).traits.isSent),
    });
  }
}

@Resolver()
export class StatisticsResolver {
  constructor(private readonly statisticsService: Statistics) {}

  @Query(() => [DailyStatistics], {
    description:
      'Numbers for a dashboard, one row a day, at most 92 days, oldest first. The present day is at most five minutes old. **Help desk.**',
  })
  async statistics(
    @Arg('since', () => DateTime) since: Date,
    @Arg('until', () => DateTime, { nullable: true, description: 'Default: now.' }) until: Date | null,
    @Ctx() context: RequestContext,
  ): Promise<DailyStatistics[]> {
    await withRole(context, Role.HELP_DESK);
    const rows = await this.statisticsService.daily(since, until ?? null);
    return rows.map((row) => DailyStatistics.from(row));
  }
}
