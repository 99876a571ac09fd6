import { Field, Int, ObjectType } from 'type-graphql';
import type { Class } from '../../kernel';
import { UserType } from '../account';
import { AuditEvent } from '../events';
import { Factor } from '../factors';
import { cursorOf, type Paged } from './pages';

const TOTAL_MAX = 10_000;

/** How many there are, found out when it is asked for. */
type Count = () => Promise<number | null>;

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

/** A Relay connection and its edge, named after their node. */
export function connectionOf<Node extends { readonly id: string }>(name: string, node: () => Class) {
  @ObjectType(`${name}Edge`)
  class Edge {
    @Field(() => String)
    cursor!: string;

    @Field(node)
    node!: Node;
  }

  @ObjectType(`${name}Connection`)
  class Connection {
    @Field(() => [Edge])
    edges!: Edge[];

    @Field(() => [node()], { description: 'The same, without cursors.' })
    nodes!: readonly Node[];

    @Field(() => PageInfo)
    pageInfo!: PageInfo;

    count!: Count;

    @Field(() => Int, { nullable: true, description: 'Null beyond 10,000.' })
    async totalCount(): Promise<number | null> {
      const total = await this.count();
      // Beyond that, counting would cost more than anybody gains by the number.
      return total === null || total > TOTAL_MAX ? null : total;
    }

    static from(page: Paged<Node>, count: Count): Connection {
      return Object.assign(new Connection(), {
        edges: page.rows.map((row) => ({ cursor: cursorOf(row.id), node: row })),
        nodes: page.rows,
        pageInfo: PageInfo.from(page),
        count,
      });
    }
  }
  return Connection;
}

export const UserConnection = connectionOf<UserType>('User', () => UserType);
export type UserConnection = InstanceType<typeof UserConnection>;
export const FactorConnection = connectionOf<Factor>('Factor', () => Factor);
export type FactorConnection = InstanceType<typeof FactorConnection>;
export const AuditEventConnection = connectionOf<AuditEvent>('AuditEvent', () => AuditEvent);
export type AuditEventConnection = InstanceType<typeof AuditEventConnection>;
