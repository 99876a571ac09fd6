import { Field, Int, ObjectType } from 'type-graphql';
import { UserType } from '../account';
import { AuditEvent } from '../events';
import { Factor } from '../factors';
import { cursorOf, type Paged } from './pages';

const TOTAL_MAX = 10_000;

/** How many there are, found out when it is asked for. */
type Count = () => Promise<number | null>;
const TOTAL = { nullable: true, description: 'Null beyond 10,000.' };
const NODES = { description: 'The same, without cursors.' };

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

  @Field(() => [UserType], NODES)
  nodes!: UserType[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  count!: Count;

  @Field(() => Int, TOTAL)
  totalCount(): Promise<number | null> {
    return this.count();
  }

  static from(page: Paged<UserType>, count: Count): UserConnection {
    return Object.assign(new UserConnection(), connected(page, count));
  }
}

@ObjectType('FactorEdge')
export class FactorEdge {
  @Field(() => String)
  cursor!: string;

  @Field(() => Factor)
  node!: Factor;
}

@ObjectType('FactorConnection')
export class FactorConnection {
  @Field(() => [FactorEdge])
  edges!: FactorEdge[];

  @Field(() => [Factor], NODES)
  nodes!: Factor[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  count!: Count;

  @Field(() => Int, TOTAL)
  totalCount(): Promise<number | null> {
    return this.count();
  }

  static from(page: Paged<Factor>, count: Count): FactorConnection {
    return Object.assign(new FactorConnection(), connected(page, count));
  }
}

@ObjectType('AuditEventEdge')
export class AuditEventEdge {
  @Field(() => String)
  cursor!: string;

  @Field(() => AuditEvent)
  node!: AuditEvent;
}

@ObjectType('AuditEventConnection')
export class AuditEventConnection {
  @Field(() => [AuditEventEdge])
  edges!: AuditEventEdge[];

  @Field(() => [AuditEvent], NODES)
  nodes!: AuditEvent[];

  @Field(() => PageInfo)
  pageInfo!: PageInfo;

  count!: Count;

  @Field(() => Int, TOTAL)
  totalCount(): Promise<number | null> {
    return this.count();
  }

  static from(page: Paged<AuditEvent>, count: Count): AuditEventConnection {
    return Object.assign(new AuditEventConnection(), connected(page, count));
  }
}

/** What all connections have; the edges are plain objects of the edge's shape. */
const connected = <Node extends { readonly id: string }>(page: Paged<Node>, count: Count) => ({
  edges: page.rows.map((node) => ({ cursor: cursorOf(node.id), node })),
  nodes: page.rows,
  pageInfo: PageInfo.from(page),
  count,
});

/** Beyond that, counting would cost more than anybody gains by the number. */
export const shownTotal = (total: number | null): number | null =>
  total === null || total > TOTAL_MAX ? null : total;
