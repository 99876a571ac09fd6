import type { Database, Sql, UnitOfWork } from '../../platform';
import type { FactorFacts } from './contract';
import { kindModule } from './registry';

const COLUMNS = 'id, user_id, kind, label, hint, is_preferred, created_at, last_used_at';

export interface NewFactor {
  readonly id: string;
  readonly userId: string;
  readonly kind: string;
  readonly label: string | null;
  readonly hint: string | null;
}

/** The factors that a user has enrolled. */
export class Factors {
  constructor(private readonly database: Database) {}

  /** Those that may be used, best first: the preferred one, then by kind, then the one used last. */
  async active(userId: string, sql: Sql = this.database): Promise<FactorFacts[]> {
    const rows = await sql.rows<FactorFacts>(
      `SELECT ${COLUMNS} FROM factor WHERE user_id = $1 AND revoked_at IS NULL`,
      [userId],
    );
    return rows.sort(bestFirst);
  }

  /** A factor of this user that may be used; those of others are not found. */
  find(userId: string, id: string, sql: Sql = this.database): Promise<FactorFacts | undefined> {
    return sql.row<FactorFacts>(
      `SELECT ${COLUMNS} FROM factor WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL`,
      [id, userId],
    );
  }

  async add(tx: UnitOfWork, factor: NewFactor): Promise<void> {
    await tx.affected('INSERT INTO factor (id, user_id, kind, label, hint) VALUES ($1, $2, $3, $4, $5)', [
      factor.id,
      factor.userId,
      factor.kind,
      factor.label,
      factor.hint,
    ]);
  }

  /** Marks a factor as used; false if it was removed meanwhile. */
  async touch(tx: UnitOfWork, id: string): Promise<boolean> {
    return (
      (await tx.affected(
        'UPDATE factor SET last_used_at = gateway_now() WHERE id = $1 AND revoked_at IS NULL',
        [id],
      )) === 1
    );
  }
}

function bestFirst(one: FactorFacts, other: FactorFacts): number {
  const used = (factor: FactorFacts): number => (factor.lastUsedAt ?? factor.createdAt).getTime();
  const preference = (factor: FactorFacts): number => kindModule(factor.kind).traits.preference;
  return (
    Number(other.isPreferred) - Number(one.isPreferred) ||
    preference(other) - preference(one) ||
    used(other) - used(one)
  );
}
