import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
require('../support/typescript.cjs');
require('reflect-metadata');
const { newId } = require('../../src/kernel/index.ts');
const {
  Keyring,
  newKeyringLine,
  newToken,
  parseKeyring,
  sha256,
  systemChance,
  systemClock,
} = require('../../src/platform/index.ts');

export const keyringLine = newKeyringLine(systemChance);
const keyring = new Keyring(parseKeyring(keyringLine).keys, systemChance);

/** Everybody has the same authenticator app: the gateway cannot know, and one code fits all. */
export const SECRET = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';

/**
 * Users with an authenticator app, each with a sign-in that waits for its code; gives the flow tokens. Written into the
 * tables directly, since the password hashes of as many real sign-ins would take minutes.
 */
export async function addSignIns(client, count) {
  const people = Array.from({ length: count }, () => person());
  const tables = ['users', 'factor', 'totp_secret', 'limit_counter', 'auth_flow', 'challenge'];
  for (const table of tables)
    await insert(
      client,
      table,
      people.map(({ rows }) => rows[table]),
    );
  await client.query('ANALYZE');
  return people.map(({ flowToken }) => flowToken);
}

function person() {
  const [userId, factorId, flowId] = ['usr', 'fct', 'flw'].map((prefix) =>
    newId(prefix, systemClock, systemChance),
  );
  const flowToken = newToken(systemChance);
  const email = `${userId}@example.com`;
  const place = { table: 'totp_secret', column: 'sealed_secret', row: factorId, user: userId };
  const [now, later] = [new Date(), new Date(Date.now() + 600_000)];
  const rows = {
    users: {
      id: userId,
      account_type: 'PERSON',
      email,
      email_key: email,
      roles: ['USER'],
      status: 'ACTIVE',
      created_at: now,
    },
    factor: {
      id: factorId,
      user_id: userId,
      kind: 'TOTP',
      label: 'Authenticator app',
      is_preferred: false,
      created_at: now,
    },
    totp_secret: {
      factor_id: factorId,
      sealed_secret: keyring.seal(place, SECRET),
      last_step: 0,
      drift_seconds: 0,
    },
    limit_counter: { key: `guess:${userId}`, count: 0, since: now },
    auth_flow: {
      id: flowId,
      purpose: 'SIGN_IN',
      status: 'CHALLENGE_PENDING',
      user_id: userId,
      token_hash: `\\x${sha256(flowToken).toString('hex')}`,
      client_id: 'default',
      application_name: 'Factorgate',
      required_assurance: 'AAL2',
      prompt_reasons: ['POLICY'],
      proofs: [{ by: 'password', kind: 'PASSWORD', amr: ['pwd'], isPhishingResistant: false }],
      context: { ipAddress: '127.0.0.1', location: null, browser: 'Chrome 142', operatingSystem: 'Linux' },
      version: 2,
      created_at: now,
      expires_at: later,
    },
    challenge: {
      id: newId('chl', systemClock, systemChance),
      flow_id: flowId,
      user_id: userId,
      factor_id: factorId,
      kind: 'TOTP',
      status: 'OPEN',
      attempts: 0,
      attempts_max: 5,
      created_at: now,
      expires_at: later,
    },
  };
  return { rows, flowToken };
}

/** The same for the floor: a secret and a step for each user, and a table for its sessions. */
export async function addFloorUsers(client, count) {
  await client.query(`
    CREATE TABLE users (id text PRIMARY KEY, secret text NOT NULL, last_step bigint NOT NULL);
    CREATE TABLE session (
      id text PRIMARY KEY, user_id text NOT NULL REFERENCES users (id), token_hash bytea NOT NULL UNIQUE,
      created_at timestamptz NOT NULL);`);
  const users = Array.from({ length: count }, () => ({
    id: newId('usr', systemClock, systemChance),
    secret: SECRET,
    last_step: 0,
  }));
  await insert(client, 'users', users);
  await client.query('ANALYZE');
  return users.map(({ id }) => id);
}

async function insert(client, table, rows) {
  const columns = Object.keys(rows[0]).join(', ');
  await client.query(
    `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM jsonb_populate_recordset(NULL::${table}, $1)`,
    [JSON.stringify(rows)],
  );
}
