/**
 * The attack: an operator in a hurry, who starts the gateway in production with keys that are missing, short or copied
 * from an example, or with a switch that is meant for development.
 * The guarantee: with NODE_ENV=production the process refuses to start, and says all that is wrong at once without
 * showing a secret.
 */
import { SettingsError, loadConfig } from '../../src/config';
import { settingsSlices } from '../../src/features';
import { newKeyringLine, systemChance } from '../../src/platform';

const keyring = newKeyringLine(systemChance);
const GOOD = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://id.example.com',
  DATABASE_URL: 'postgres://factorgate:hunter2@db.internal/factorgate',
  REDIS_URL: 'rediss://factorgate:hunter2@redis.internal:6379',
  KEYRING: keyring,
};

function faultsOf(environment: Record<string, string | undefined>): readonly string[] {
  try {
    loadConfig(settingsSlices, environment);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.faults;
    throw error;
  }
}

test('CRY-05 complete settings start', () => {
  expect(faultsOf(GOOD)).toEqual([]);
  expect(loadConfig(settingsSlices, GOOD).isProduction).toBe(true);
});

test('CRY-05 with nothing set, everything that is missing is named at once', () => {
  const faults = faultsOf({ NODE_ENV: 'production' });
  for (const name of ['KEYRING', 'DATABASE_URL', 'REDIS_URL', 'PUBLIC_URL']) {
    expect(faults.filter((fault) => fault.startsWith(`${name}:`))).toHaveLength(1);
  }
  expect(faultsOf({})).toEqual([]);
});

const BAD: [string, Record<string, string | undefined>][] = [
  ['KEYRING', { KEYRING: undefined }],
  ['KEYRING', { KEYRING: '' }],
  ['KEYRING', { KEYRING: `v1:${Buffer.alloc(31, 'abcdefghij').toString('base64')}` }],
  ['KEYRING', { KEYRING: `v1:${Buffer.alloc(32).toString('base64')}` }],
  ['KEYRING', { KEYRING: 'v2:<base64 of 32 bytes>,v1:<base64 of 32 bytes>' }],
  ['KEYRING', { KEYRING: `${keyring},v0:c2hvcnQ=` }],
  ['KEYRING', { KEYRING: `${keyring},${keyring}` }],
  ['DATABASE_URL', { DATABASE_URL: undefined }],
  ['DATABASE_URL', { DATABASE_URL: 'mysql://db.internal/factorgate' }],
  ['REDIS_URL', { REDIS_URL: undefined }],
  ['REDIS_URL', { REDIS_URL: 'http://redis.internal' }],
  ['PUBLIC_URL', { PUBLIC_URL: undefined }],
  ['PUBLIC_URL', { PUBLIC_URL: 'http://id.example.com' }],
  ['DEMO_PASSWORD', { DEMO_PASSWORD: 'correct-horse-battery-staple' }],
  ['CORS_ORIGINS', { CORS_ORIGINS: '*' }],
  ['ACCESS_TOKEN_SECONDS', { ACCESS_TOKEN_SECONDS: '601' }],
  ['PASSWORD_MINIMUM_LENGTH', { PASSWORD_MINIMUM_LENGTH: '7' }],
  ['SIGNING_KEY_OVERLAP_SECONDS', { SIGNING_KEY_OVERLAP_SECONDS: '60' }],
];

test.each(BAD)('CRY-05 %s: %j stops the start, and is the one fault named', (name, change) => {
  const faults = faultsOf({ ...GOOD, ...change });
  expect(faults.map((fault) => fault.split(':')[0])).toEqual([name]);
  expect(faults[0]).toContain('Example: ');
});

test('CRY-05 several faults are named together, and no value is shown', () => {
  const key = Buffer.alloc(31, 'abcdefghij').toString('base64');
  const faults = faultsOf({
    ...GOOD,
    KEYRING: `v1:${key}`,
    DEMO_PASSWORD: 'swordfish-swordfish',
    REDIS_URL: 'http://:hunter2@redis',
  });
  expect(faults.map((fault) => fault.split(':')[0]).sort()).toEqual([
    'DEMO_PASSWORD',
    'KEYRING',
    'REDIS_URL',
  ]);
  const { message } = new SettingsError(faults);
  for (const secret of [key, 'swordfish', 'hunter2']) expect(message).not.toContain(secret);
});
