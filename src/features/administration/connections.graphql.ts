import { Field, Int, ObjectType } from 'type-graphql';
import type { User } from '../users';
import { cursorOf, type Paged } from './pages';
import { UserType } from '../account';

const TOTAL_MAX = 10_000;

@ObjectType('PageInfo', { description: 'Relay page information.' })
export class PageInfo {
  @Field(() => Boolean)
  hasNextPage!: boolean;

  @Field(() => String, { nullable: true })
  endCursor!: string | null;

  static from({ rows, hasNextPage }: Paged<{ readonly id: string }>): PageInfo {
    const last = rows.at(-1);
    return Object.assign(new PageInfo(), { hasNextPage, endCursor: last ? cursorOf(last.id) : null });
  }
}

@ObjectType('UserEdge')
export class UserEdge {
  @Field(() => String)
  cursor!: string;

  @Field(() => UserType)
  node!: UserType;
}

@ObjectType('UserConnection')
export class UserConnection {
  @Field(() => [UserEdge])
  edges!: UserEdge[];

  @Field(() => [UserType], { description: 'The same, without cursors.' })
  nodes!: UserType[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  @Field(() => Int, { nullable: true, description: 'Null beyond 10,000.' })
  totalCount!: number | null;

  static from(page: Paged<User>, total: number | null): UserConnection {
    const nodes = page.rows.map((user) => UserType.from(user));
    return Object.assign(new UserConnection(), {
      edges: nodes.map((node) => Object.assign(new UserEdge(), { cursor: cursorOf(node.id), node })),
      nodes,
      pageInfo: PageInfo.from(page),
      totalCount: shownTotal(total),
    });
  }
}

/** Beyond that, counting would cost more than anybody gains by the number. */
export const shownTotal = (total: number | null): number | null =>
  total === null || total > TOTAL_MAX ? null : total;
