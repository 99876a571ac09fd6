import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What goes with the row that it belongs to: table, column, and what it refers to. */
const OWNED = [
  ['factor', 'user_id', 'users (id)'],
  ['enrollment', 'user_id', 'users (id)'],
  ['auth_flow', 'user_id', 'users (id)'],
  ['challenge', 'factor_id', 'factor (id)'],
  ['totp_secret', 'factor_id', 'factor (id)'],
  ['sms_number', 'factor_id', 'factor (id)'],
  ['sms_number', 'user_id', 'users (id)'],
  ['email_address', 'factor_id', 'factor (id)'],
  ['email_address', 'user_id', 'users (id)'],
  ['backup_code_set', 'factor_id', 'factor (id)'],
  ['backup_code', 'factor_id', 'backup_code_set (factor_id)'],
] as const;

/** What is looked for by its owner has an index by it, so that a deletion reads no whole table. */
const INDEXES = {
  enrollment_of_user: 'enrollment (user_id)',
  auth_flow_of_user: 'auth_flow (user_id) WHERE user_id IS NOT NULL',
  challenge_of_factor: 'challenge (factor_id) WHERE factor_id IS NOT NULL',
} as const;

/** A user is deleted with everything that is theirs. */
export class UserDeletion1767225642000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await this.refer(runner, 'ON DELETE CASCADE');
    for (const [name, columns] of Object.entries(INDEXES))
      await runner.query(`CREATE INDEX IF NOT EXISTS ${name} ON ${columns}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of Object.keys(INDEXES)) await runner.query(`DROP INDEX ${name}`);
    await this.refer(runner, '');
  }

  private async refer(runner: QueryRunner, onDelete: string): Promise<void> {
    for (const [table, column, owner] of OWNED) {
      const name = `${table}_${column}_fkey`;
      await runner.query(`ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${name}`);
      await runner.query(
        `ALTER TABLE ${table} ADD CONSTRAINT ${name} FOREIGN KEY (${column}) REFERENCES ${owner} ${onDelete}`,
      );
    }
  }
}
