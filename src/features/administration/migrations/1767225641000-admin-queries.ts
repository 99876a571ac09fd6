import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the lists of the help desk are found by. Times of use and of sign-in are left out on purpose: an index on them would
 * be written with every sign-in.
 */
const INDEXES = {
  // Beginnings are compared byte by byte, whatever the database's language.
  users_by_email: 'users (email_key text_pattern_ops)',
  users_by_name: 'users (lower(display_name) text_pattern_ops)',
  users_not_active: `users (status, id) WHERE status <> 'ACTIVE'`,
  users_with_factor: 'users (id) WHERE has_factor',
  users_without_factor: 'users (id) WHERE NOT has_factor',
  users_of_staff: `users (id) WHERE roles && '{HELP_DESK,ADMIN}'`,
  factor_newest: 'factor (id) WHERE revoked_at IS NULL',
  factor_by_use: 'factor (kind, used_on, id) WHERE revoked_at IS NULL',
  factor_by_kind: 'factor (kind, id) WHERE revoked_at IS NULL',
  factor_ever_of_user: 'factor (user_id)',
  audit_event_by_type: 'audit_event (type, outcome, id)',
  audit_event_failed: `audit_event (id) WHERE outcome = 'FAILURE'`,
  audit_event_of_flow: 'audit_event (flow_id, id) WHERE flow_id IS NOT NULL',
  audit_event_from_address: `audit_event ((context ->> 'ipAddress'), id)`,
} as const;

/** The day of the last use: an index on it is written once a day at most, and sign-ins besides that leave it alone. */
const USED_ON = `ALTER TABLE factor ADD COLUMN used_on date
  GENERATED ALWAYS AS ((COALESCE(last_used_at, created_at) AT TIME ZONE 'UTC')::date) STORED`;

/**
 * Whether a user has a factor is kept with the user: asked of the factors, a list of those who have none would have to look at
 * everybody who has one.
 */
const HAS_FACTOR = [
  'ALTER TABLE users ADD COLUMN has_factor boolean NOT NULL DEFAULT false',
  'UPDATE users SET has_factor = true WHERE id IN (SELECT user_id FROM factor WHERE revoked_at IS NULL)',
  `CREATE FUNCTION note_factor() RETURNS trigger LANGUAGE plpgsql AS $$
   BEGIN
     UPDATE users SET has_factor = NOT has_factor
     WHERE id = NEW.user_id AND has_factor <> EXISTS (
       SELECT FROM factor WHERE user_id = NEW.user_id AND revoked_at IS NULL);
     RETURN NULL;
   END $$`,
  `CREATE TRIGGER note_factor AFTER INSERT OR UPDATE OF revoked_at ON factor
   FOR EACH ROW EXECUTE FUNCTION note_factor()`,
];

export class AdminQueries1767225641000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(USED_ON);
    for (const statement of HAS_FACTOR) await runner.query(statement);
    for (const [name, columns] of Object.entries(INDEXES))
      await runner.query(`CREATE INDEX ${name} ON ${columns}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const name of Object.keys(INDEXES)) await runner.query(`DROP INDEX ${name}`);
    await runner.query('ALTER TABLE factor DROP COLUMN used_on');
    await runner.query('DROP TRIGGER note_factor ON factor');
    await runner.query('DROP FUNCTION note_factor()');
    await runner.query('ALTER TABLE users DROP COLUMN has_factor');
  }
}
