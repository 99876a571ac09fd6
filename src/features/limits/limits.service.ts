import { Refusal } from '../../kernel';
import type { Database, Sql } from '../../platform';
import { LIMITS, type BackOffRule, type WindowRule } from './limit-rules';
import {
  GUESS_RESTORE,
  chargeBackOff,
  chargeWindow,
  forget,
  readCharge,
  readDelays,
  sweepCounters,
  takeBack,
  windowEnd,
} from './limits.store';

const keyOf = (rule: BackOffRule | WindowRule, subject: string): string => `${rule.name}:${subject}`;

/** Charges and restores the counters of `limit-rules.ts`. */
export class Limits {
  constructor(private readonly database: Database) {}

  /** Charges a failure beforehand; committed at once. Refuses with RATE_LIMITED inside a delay, which it leaves as it is. */
  async chargeFailure(rule: BackOffRule, subject: string): Promise<void> {
    const key = keyOf(rule, subject);
    if (await chargeBackOff(this.database, rule, key)) return;
    const held = await readCharge(this.database, key);
    throw new Refusal('RATE_LIMITED', { retryAt: held?.retryAt ?? null }, `limit ${rule.name}`);
  }

  /** Counts one use of a window and gives how many there are; refuses with RATE_LIMITED once it is full. */
  async chargeUse(rule: WindowRule, subject: string, sql: Sql = this.database): Promise<number> {
    const key = keyOf(rule, subject);
    const charged = await chargeWindow(sql, rule, key);
    if (charged) return charged.count;
    throw new Refusal('RATE_LIMITED', { retryAt: await windowEnd(sql, rule, key) }, `limit ${rule.name}`);
  }

  /** It was no failure after all: what `chargeFailure` counted is forgotten. */
  async forgive(
    charged: readonly (readonly [BackOffRule | WindowRule, string])[],
    sql: Sql = this.database,
  ): Promise<void> {
    await forget(
      sql,
      charged.map(([rule, subject]) => keyOf(rule, subject)),
    );
  }

  /** Takes one use of a window back. */
  async returnUse(rule: WindowRule, subject: string): Promise<void> {
    await takeBack(this.database, keyOf(rule, subject), rule.count + 1);
  }

  /** Nothing was evaluated: the one failure that `chargeFailure` counted is taken back. */
  async returnFailure(rule: BackOffRule, subject: string): Promise<void> {
    await takeBack(this.database, keyOf(rule, subject), rule.free);
  }

  /** Nothing was evaluated: the one guess that was charged is taken back. */
  async returnGuess(userId: string): Promise<void> {
    await takeBack(this.database, keyOf(LIMITS.guesses, userId), LIMITS.guesses.free);
  }

  /** A guessable factor was proven: the user's failures begin again at none. */
  async restoreGuesses(tx: Sql, userId: string): Promise<void> {
    await tx.affected(GUESS_RESTORE, [userId]);
  }

  /** Another factor was proven: guessable factors that were disabled work again; a running count stays. */
  async enableGuesses(tx: Sql, userId: string): Promise<void> {
    await tx.affected('UPDATE limit_counter SET count = 0, retry_at = NULL WHERE key = $1 AND count >= $2', [
      keyOf(LIMITS.guesses, userId),
      LIMITS.guesses.disabledAt,
    ]);
  }

  /** From when guessable factors may be tried: null is now, `isDisabled` is not before another factor proves the user. */
  async guessesUsableFrom(userId: string): Promise<{ retryAt: Date | null; isDisabled: boolean }> {
    const held = await readCharge(this.database, keyOf(LIMITS.guesses, userId));
    return { retryAt: held?.retryAt ?? null, isDisabled: (held?.count ?? 0) >= LIMITS.guesses.disabledAt };
  }

  /** From when the guessable factors of these users may be tried; those who may now are left out. */
  async guessDelays(userIds: readonly string[]): Promise<ReadonlyMap<string, Date>> {
    const keys = new Map(userIds.map((id) => [keyOf(LIMITS.guesses, id), id]));
    const delayed = await readDelays(this.database, [...keys.keys()]);
    return new Map(delayed.map(({ key, retryAt }) => [keys.get(key) ?? '', retryAt]));
  }

  sweep(): Promise<number> {
    return sweepCounters(this.database);
  }
}
