import type { Database, Sql, UnitOfWork } from '../../platform';
import type { FactorFacts } from './contract';
import { factorKinds, kindModule } from './registry';

const COLUMNS = 'id, user_id, kind, label, hint, is_preferred, created_at, last_used_at';

export interface NewFactor {
  readonly id: string;
  readonly userId: string;
  readonly kind: string;
  readonly label: string | null;
  readonly hint: string | null;
  /** Added by a session that only a backup code had opened. */
  readonly isByBackupCode?: boolean;
}

type Row = Omit<FactorFacts, 'isEnabled'>;

/**
 * The factors that a user has enrolled. Those of a kind that is switched off still count as factors, so that switching
 * it off never lets anybody in with less; but they are not asked for.
 */
export class Factors {
  private readonly disabled: ReadonlySet<string>;

  /** `atWork` tells which kinds the settings have switched off. */
  constructor(
    private readonly database: Database,
    atWork: ReadonlyMap<string, { readonly isEnabled?: boolean }>,
  ) {
    this.disabled = new Set([...atWork].filter(([, kind]) => kind.isEnabled === false).map(([name]) => name));
  }

  /** The kinds that are switched on. */
  get enabledKinds(): readonly string[] {
    return factorKinds.map(({ kind }) => kind).filter((kind) => !this.disabled.has(kind));
  }

  /** The kinds that users may add by themselves. */
  get enrollableKinds(): readonly string[] {
    return this.enabledKinds.filter((kind) => kindModule(kind).graphql.setupType !== undefined);
  }

  /** Those that were not removed, best first: the preferred one, then by kind, then the one used last. */
  async active(userId: string, sql: Sql = this.database): Promise<FactorFacts[]> {
    const rows = await sql.rows<Row>(
      `SELECT ${COLUMNS} FROM factor WHERE user_id = $1 AND revoked_at IS NULL`,
      [userId],
    );
    return rows.map((row) => this.facts(row)).sort(bestFirst);
  }

  /** A factor of this user that was not removed; those of others are not found. */
  async find(userId: string, id: string, sql: Sql = this.database): Promise<FactorFacts | undefined> {
    const row = await sql.row<Row>(
      `SELECT ${COLUMNS} FROM factor WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL`,
      [id, userId],
    );
    return row && this.facts(row);
  }

  /** Those of these ids that were not removed, newest first. */
  async many(ids: readonly string[]): Promise<FactorFacts[]> {
    if (ids.length === 0) return [];
    const rows = await this.database.rows<Row>(
      `SELECT ${COLUMNS} FROM factor WHERE id = ANY ($1) AND revoked_at IS NULL ORDER BY id DESC`,
      [ids],
    );
    return rows.map((row) => this.facts(row));
  }

  /** Whether a user ever had a factor of their own; codes that end by themselves do not count. */
  async hadAny(
    userId: string,
    temporaryKinds: readonly string[],
    sql: Sql = this.database,
  ): Promise<boolean> {
    const row = await sql.row<{ had: boolean }>(
      'SELECT EXISTS (SELECT FROM factor WHERE user_id = $1 AND kind <> ALL ($2)) AS had',
      [userId, temporaryKinds],
    );
    return row?.had ?? true;
  }

  async add(tx: UnitOfWork, factor: NewFactor): Promise<void> {
    await tx.affected(
      `INSERT INTO factor (id, user_id, kind, label, hint, is_by_backup_code) VALUES ($1, $2, $3, $4, $5, $6)`,
      [factor.id, factor.userId, factor.kind, factor.label, factor.hint, factor.isByBackupCode ?? false],
    );
  }

  /** Whatever adds or removes factors of one user queues here, so that what it counts stays true. */
  async lock(tx: UnitOfWork, userId: string): Promise<void> {
    await tx.rows('SELECT pg_advisory_xact_lock(hashtextextended($1, 0))', [`factors:${userId}`]);
  }

  /** A factor that ends by itself: its row is born with the end of its life, so that nothing counts it as a factor. */
  async addTemporary(
    tx: UnitOfWork,
    factor: Pick<NewFactor, 'id' | 'userId' | 'kind'>,
    until: Date | { readonly minutes: number },
  ): Promise<Date> {
    const [end, minutes] = until instanceof Date ? [until, 0] : [null, until.minutes];
    const row = await tx.row<{ until: Date }>(
      `INSERT INTO factor (id, user_id, kind, revoked_at)
       VALUES ($1, $2, $3, COALESCE($4, gateway_now() + make_interval(mins => $5))) RETURNING revoked_at AS until`,
      [factor.id, factor.userId, factor.kind, end, minutes],
    );
    return (row as { until: Date }).until;
  }

  /** Those of the user that still live and end by themselves. */
  async temporary(userId: string, sql: Sql = this.database): Promise<FactorFacts[]> {
    const rows = await sql.rows<Row>(
      `SELECT ${COLUMNS} FROM factor WHERE user_id = $1 AND revoked_at > gateway_now() ORDER BY id`,
      [userId],
    );
    return rows.map((row) => this.facts(row));
  }

  /** They end at once: one was replaced, called off, or is needed no more. */
  async endTemporary(tx: UnitOfWork, userId: string): Promise<void> {
    await tx.affected(
      'UPDATE factor SET revoked_at = gateway_now() WHERE user_id = $1 AND revoked_at > gateway_now()',
      [userId],
    );
  }

  /** Its row stays, for the record; false if it was removed before. */
  async revoke(tx: UnitOfWork, userId: string, id: string): Promise<boolean> {
    return (
      (await tx.affected(
        `UPDATE factor SET revoked_at = gateway_now(), is_preferred = false
         WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL`,
        [id, userId],
      )) === 1
    );
  }

  /** What is left out stays; of one user at most one factor is preferred. Other users' factors stay as they are. */
  async change(
    tx: UnitOfWork,
    userId: string,
    id: string,
    changes: { readonly label?: string | undefined; readonly isPreferred?: boolean | undefined },
  ): Promise<void> {
    await tx.affected(
      `UPDATE factor SET label = CASE WHEN id = $2 THEN COALESCE($3, label) ELSE label END,
         is_preferred = CASE WHEN id = $2 THEN COALESCE($4, is_preferred) ELSE is_preferred AND $4 IS NOT TRUE END
       WHERE user_id = $1 AND revoked_at IS NULL
         AND EXISTS (SELECT FROM factor WHERE id = $2 AND user_id = $1 AND revoked_at IS NULL)`,
      [userId, id, changes.label ?? null, changes.isPreferred ?? null],
    );
  }

  /** Whether a user ever had another factor than this one; removed ones count. */
  async hadOthers(userId: string, id: string): Promise<boolean> {
    const row = await this.database.row<{ had: boolean }>(
      'SELECT EXISTS (SELECT FROM factor WHERE user_id = $1 AND id <> $2) AS had',
      [userId, id],
    );
    return row?.had ?? true;
  }

  /** Whether one of these factors has been the user's own for a day, or was not added by a backup code's session. */
  async isSettled(ids: readonly string[]): Promise<boolean> {
    const row = await this.database.row<{ is: boolean }>(
      `SELECT EXISTS (
         SELECT FROM factor WHERE id = ANY($1)
           AND (NOT is_by_backup_code OR created_at < gateway_now() - interval '24 hours')) AS is`,
      [ids],
    );
    return row?.is ?? false;
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

  private facts(row: Row): FactorFacts {
    return { ...row, isEnabled: !this.disabled.has(row.kind) };
  }
}

function bestFirst(one: FactorFacts, other: FactorFacts): number {
  const used = (factor: FactorFacts): number => (factor.lastUsedAt ?? factor.createdAt).getTime();
  const { traits: ofOne } = kindModule(one.kind);
  const { traits: ofOther } = kindModule(other.kind);
  // A wish does not lift a restricted kind above better ones; among its own kind it counts.
  const wishes = Number(other.isPreferred) - Number(one.isPreferred);
  const lifts =
    Number(other.isPreferred && !ofOther.isRestricted) - Number(one.isPreferred && !ofOne.isRestricted);
  return lifts || ofOther.preference - ofOne.preference || wishes || used(other) - used(one);
}
