import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The built-in policy of that day is version 1. A history must not change with the code, so its values are written here.
 * Who is there already has thirty days from now.
 */
const FIRST = {
  requirement: 'ALWAYS',
  excludesServiceAccounts: true,
  enrollmentGraceDays: 30,
  minimumAssurance: 'AAL2',
  allowedKinds: null,
  riskResponses: {
    NEW_DEVICE: 'PROMPT_MFA',
    NEW_LOCATION: 'PROMPT_MFA',
    IMPOSSIBLE_TRAVEL: 'PROMPT_MFA',
    LONG_INACTIVITY: 'PROMPT_MFA',
    LISTED_NETWORK: 'PROMPT_MFA',
    SENSITIVE_ACTION: 'REQUIRE_MFA',
  },
  listedNetworks: [],
  inactivityDays: 90,
  actions: [],
  rememberDeviceDays: 30,
  pushDigits: 2,
  stepUpMaxAgeSeconds: 300,
  maximumAttempts: 5,
  backupCodeCount: 10,
  adminRecovery: 'VERIFY_WITH_ID',
  recoveryWaitingHours: 24,
  recoveryTimeoutHours: 24,
  recoveryApprovals: 2,
  rules: [],
};

export class Policy1767225622000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE policy (
        version integer PRIMARY KEY,
        "values" jsonb NOT NULL,
        file_hash bytea,
        note text,
        updated_at timestamptz NOT NULL,
        updated_by text
      )`);
    await runner.query(`INSERT INTO policy (version, "values", updated_at) VALUES (1, $1, gateway_now())`, [
      JSON.stringify(FIRST),
    ]);
    await runner.query(
      `UPDATE users SET enrollment_due_at = gateway_now() + interval '30 days' WHERE account_type = 'PERSON'`,
    );
    await runner.query(`
      CREATE TABLE seen_place (
        user_id text NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        country text NOT NULL,
        city text NOT NULL,
        latitude double precision,
        longitude double precision,
        first_seen_at timestamptz NOT NULL,
        last_seen_at timestamptz NOT NULL,
        PRIMARY KEY (user_id, country, city)
      )`);
    await runner.query('CREATE INDEX seen_place_last_seen ON seen_place (last_seen_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE seen_place');
    await runner.query('DROP TABLE policy');
  }
}
