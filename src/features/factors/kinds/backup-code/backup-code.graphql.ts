import { FieldResolver, Int, Resolver, Root } from 'type-graphql';
import type { Sql } from '../../../../platform';
import { Factor } from '../../contract';
import { countUnused } from './backup-code.store';

@Resolver(() => Factor)
export class BackupCodeFactorResolver {
  constructor(private readonly sql: Sql) {}

  @FieldResolver(() => Int, { nullable: true, description: 'For backup codes: how many are left.' })
  codesRemaining(@Root() factor: Factor): Promise<number> | null {
    return factor.kind === 'BACKUP_CODE' ? countUnused(this.sql, factor.id) : null;
  }
}
