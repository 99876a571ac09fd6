import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DEFAULT_POLICY, POLICY_BOUNDS, type PolicyValues } from './policy';
import { parsePolicyFile, printPolicyFile } from './policy-file';
import { POLICY_SECTIONS, placesOf } from './policy-keys';
import { policyValues } from './policy-values';

const article = readFileSync(join(__dirname, '../../../test/support/article-policy.yaml'), 'utf8');

const valuesOf = (text: string): PolicyValues => {
  const parsed = parsePolicyFile(text);
  if ('faults' in parsed) throw new Error(parsed.faults.join('\n'));
  return parsed.values;
};
const faultsOf = (text: string): readonly string[] => {
  const parsed = parsePolicyFile(text);
  return 'faults' in parsed ? parsed.faults : [];
};

const WHOLE: PolicyValues = policyValues.parse({
  requirement: 'WHEN_RISKY',
  excludesServiceAccounts: false,
  enrollmentGraceDays: 0,
  allowedKinds: ['TOTP', 'PUSH', 'SMS', 'BACKUP_CODE'],
  riskResponses: {
    NEW_DEVICE: 'IGNORE',
    NEW_LOCATION: 'REQUIRE_MFA',
    IMPOSSIBLE_TRAVEL: 'BLOCK',
    LONG_INACTIVITY: 'REQUIRE_MFA',
    LISTED_NETWORK: 'BLOCK',
    SENSITIVE_ACTION: 'PROMPT_MFA',
  },
  listedNetworks: ['192.0.2.0/24', '2001:db8::/32', '198.51.100.7'],
  inactivityDays: 1,
  actions: [
    { name: 'payments.send', minimumAssurance: 'AAL2', maxAgeSeconds: 0, isSingleUse: true },
    { name: '10', minimumAssurance: 'AAL2', maxAgeSeconds: 90, isSingleUse: false },
    { name: '9', minimumAssurance: 'AAL2', maxAgeSeconds: 60, isSingleUse: false },
    { name: 'null', minimumAssurance: 'AAL2', maxAgeSeconds: 900, isSingleUse: false },
  ],
  rememberDeviceDays: 0,
  pushDigits: 6,
  stepUpMaxAgeSeconds: 61,
  maximumAttempts: 3,
  backupCodeCount: 16,
  adminRecovery: 'OFF',
  recoveryWaitingHours: 0,
  recoveryTimeoutHours: 72,
  recoveryApprovals: 3,
  rules: [
    { name: 'true', roles: ['HELP_DESK', 'ADMIN'] },
    {
      name: 'from: outside # "no"\n',
      clientIds: ['web', '0x1F'],
      networks: ['10.0.0.0/8'],
      signals: ['NEW_DEVICE', 'IMPOSSIBLE_TRAVEL'],
      requirement: 'WHEN_RISKY',
      allowedKinds: ['PUSH', 'TOTP'],
      isBlocking: true,
    },
    { name: 'nothing', roles: [], requirement: 'OPTIONAL' },
  ],
});

describe('the policy file', () => {
  describe('the block of the article', () => {
    const nested = article
      .replaceAll(/^(?=[a-z-])/gm, '  ')
      .replaceAll(/^ {2}(?=(mfa_enforcement|risk_based_prompting|recovery):$)/gm, '');
    // As the page has it: every item behind a row of backslashes, not always as many.
    const escaped = article
      .split('\n')
      .map((line, index) => (line.startsWith('- ') ? '\\'.repeat(100 + index) + line : line))
      .join('\n');

    it.each([
      ['with its indentation lost', article],
      ['nested', nested],
      ['with list items escaped by backslashes', escaped],
      ['with the line ends of Windows', article.replaceAll('\n', '\r\n')],
    ])('is the built-in default, %s', (_, text) => {
      expect(valuesOf(text)).toEqual(DEFAULT_POLICY);
    });

    it('means what it says, and does not merely match the default', () => {
      const other = article
        .replace('all_users: true', 'all_users: false')
        .replace('30_days', '7_days')
        .replace('accounts: true', 'accounts: false')
        .replace('new_device: prompt_mfa', 'new_device: block')
        .replace('backup_codes: 10', 'backup_codes: 12')
        .replace('"verify_with_id"', 'off')
        .replace('24_hours', '48_hours');
      expect(valuesOf(other)).toEqual({
        ...DEFAULT_POLICY,
        requirement: 'OPTIONAL',
        enrollmentGraceDays: 7,
        excludesServiceAccounts: false,
        riskResponses: { ...DEFAULT_POLICY.riskResponses, NEW_DEVICE: 'BLOCK' },
        backupCodeCount: 12,
        adminRecovery: 'OFF',
        recoveryWaitingHours: 48,
        recoveryTimeoutHours: 48,
      });
    });

    it('tells faults where the file has them, before backslashes are taken away', () => {
      expect(faultsOf('risk_based_prompting:\n\\\\- new_device: maybe')[0]).toMatch(
        /^2:17: new_device: must be/,
      );
    });
  });

  it('holds every field of the policy', () => {
    const fields = POLICY_SECTIONS.flatMap(({ keys, namedIn }) =>
      namedIn ? [namedIn] : keys.flatMap(({ to }) => to.map(([field]) => field)),
    );
    expect(new Set(fields)).toEqual(new Set(Object.keys(DEFAULT_POLICY)));
    // What is printed and read below is told from the default in each of them; only one level can be demanded yet.
    const same = Object.entries(DEFAULT_POLICY).filter(
      ([field, value]) => JSON.stringify(WHOLE[field as keyof PolicyValues]) === JSON.stringify(value),
    );
    expect(same.map(([field]) => field)).toEqual(['minimumAssurance']);
  });

  it.each([
    ['the default', DEFAULT_POLICY],
    ['one where everything differs', WHOLE],
    ['one with the lowest numbers', bounded(0)],
    ['one with the highest numbers', bounded(1)],
  ])('gives the same policy when it is printed and read again: %s', (_, values) => {
    expect(valuesOf(printPolicyFile(values))).toEqual(values);
  });

  it('takes durations in any unit and spelling, and risk as a map or a list', () => {
    const {
      enrollmentGraceDays,
      stepUpMaxAgeSeconds,
      recoveryWaitingHours,
      recoveryTimeoutHours,
      riskResponses,
    } = valuesOf(
      'mfa_enforcement: {grace_period: 48 hours, step_up_max_age: "90 seconds"}\n' +
        'recovery: {waiting: 1 Day, recovery_timeout: 2-hours}\n' +
        'risk_based_prompting: {new_device: Require MFA}',
    );
    expect([enrollmentGraceDays, stepUpMaxAgeSeconds]).toEqual([2, 90]);
    expect([recoveryWaitingHours, recoveryTimeoutHours]).toEqual([24, 2]);
    expect(riskResponses.NEW_DEVICE).toBe('REQUIRE_MFA');
  });

  it('takes no word for another: off, 010 and yes are what they look like', () => {
    expect(valuesOf('remembered_browsers: off').rememberDeviceDays).toBe(0);
    expect(valuesOf('%YAML 1.1\n---\nrecovery:\n  admin_recovery: off').adminRecovery).toBe('OFF');
    expect(faultsOf('mfa_enforcement:\n  all_users: yes')).toEqual([
      '2:14: all_users: must be false, when_risky or true',
    ]);
  });

  it('tells all faults at once, each with line and column', () => {
    const text = [
      'mfa_enforcement:',
      '  all_users: maybe',
      '  grace_period: 91_days',
      '  grace: 3_days',
      '  minimum_assurance: aal3',
      '  allowed_kinds: [totp, carrier_pigeon]',
      '  rules:',
      '    - roles: [ADMIN]',
      '    - name: net',
      '      networks: [10.0.0.0/8, 10.0.0.0/64]',
      '    - name: net',
      'risk_based_prompting:',
      '  - new_device: prompt_mfa',
      '  - new_device: ignore',
      '  - full_moon: block',
      'sensitive_actions:',
      '  Pay Now: {}',
      '  payments.send: {max_age: 1_hour, colour: red}',
      'push: 2',
      'recovery:',
      '  recovery_timeout: 100_hours',
      '  approvals: two',
      'passwords:',
      '  length: 8',
    ].join('\n');
    expect(faultsOf(text)).toEqual([
      '2:14: all_users: must be false, when_risky or true',
      '3:17: grace_period: must be a whole number from 0 to 90, in days',
      expect.stringMatching(
        /^4:3: unknown key "grace" in mfa_enforcement; known are all_users, grace_period, /,
      ),
      '5:22: minimum_assurance: cannot be AAL3: no factor of this gateway proves it',
      expect.stringMatching(/^6:25: allowed_kinds, item 2: must be totp, .* or /),
      '8:7: name: must be given',
      expect.stringMatching(/^10:30: networks, item 2: must be an address or a CIDR block/),
      expect.stringMatching(/^14:5: new_device is given twice/),
      expect.stringMatching(/^15:5: unknown key "full_moon" in risk_based_prompting/),
      expect.stringMatching(/^17:3: name: letters in lower case/),
      '18:28: max_age: must be at most 15 minutes, in seconds',
      expect.stringMatching(/^18:36: unknown key "colour" in the action payments.send/),
      '19:7: push must be a map: "key: value" lines',
      '21:21: recovery_timeout: must be a whole number from 0 to 72, in hours',
      '22:14: approvals: must be a whole number',
      expect.stringMatching(/^23:1: unknown key "passwords" in a policy; known are mfa_enforcement, /),
    ]);
  });

  it('tells the place of a second rule of the same name', () => {
    const text = 'mfa_enforcement:\n  rules:\n    - name: net\n    - name: net\n';
    expect(faultsOf(text)).toEqual(['4:13: name: another one has the same name']);
  });

  it.each([
    ['twice in a map', 'recovery:\n  approvals: 1\n  approvals: 3', ['3:3: approvals is given twice']],
    ['inside and outside', 'recovery: {approvals: 1}\napprovals: 3', ['2:1: approvals is given twice']],
    ['in a section given twice', 'push: {digits: 2}\npush: {digits: 6}', ['2:8: digits is given twice']],
  ])('refuses a key that is given %s', (_, text, faults) => {
    expect(faultsOf(text)).toEqual(faults);
  });

  it('refuses a key at the top that could belong to two places', () => {
    expect(faultsOf('mfa_enforcement:\nrules:\n- name: admins\nminimum_assurance: aal2')).toEqual([
      '4:1: minimum_assurance may belong to mfa_enforcement or to a rule or to a sensitive action: indent it below one',
    ]);
    expect(faultsOf('rules:\n- name: admins\nroles: [ADMIN]')).toEqual([
      '3:1: roles belongs to a rule: indent it there',
    ]);
    // No key of one section hides that of another.
    const keys = POLICY_SECTIONS.filter(({ namedIn }) => !namedIn).flatMap((section) => section.keys);
    const shared = keys.filter(({ key }) => placesOf(key).length > 1).map(({ key }) => key);
    expect(shared).toEqual(['minimum_assurance', 'allowed_kinds']);
  });

  it.each([
    ['broken YAML', 'mfa_enforcement:\n  rules: [a\nrecovery:', /^3:1: Flow sequence/],
    ['a tab for indentation', 'recovery:\n\tapprovals: 1', /^2:1: Tabs are not allowed/],
    ['several documents', 'push: {digits: 2}\n---\npush: {digits: 3}', /^\d:1: only one document/],
    ['an alias', 'push: &p {digits: 2}\nrecovery: *p', /^2:11: aliases are not allowed/],
    ['an unknown tag', 'push: !!js/function x', /^1:7: Unresolved tag/],
    ['nothing', '# later\n', /^1:1: the file is empty/],
    ['a list', '- a', /^1:1: a policy must be a map/],
    ['more than 256 KiB', `#${'x'.repeat(262_144)}`, /^1:1: a policy file has at most 256 KiB/],
    ['endless nesting', `push: ${'['.repeat(20_000)}`, /^1:1: nested too deeply/],
  ])('refuses %s', (_, text, fault) => {
    expect(faultsOf(text)[0]).toMatch(fault);
  });

  it('refuses aliases that would grow without end, at once', () => {
    const bomb = ['a: &a0 [x, x]'];
    for (let level = 1; level < 40; level += 1)
      bomb.push(`k${String(level)}: &a${String(level)} [*a${String(level - 1)}, *a${String(level - 1)}]`);
    bomb.push('risk_based_prompting:', '  listed_networks: [*a39]');
    expect(faultsOf(bomb.join('\n')).at(-1)).toMatch(/^42:21: aliases are not allowed/);
  });

  it('holds ten thousand networks, and counts faults beyond the fiftieth', () => {
    const networks = Array.from(
      { length: 10_000 },
      (__, n) => `10.${String(n >> 8)}.${String(n & 255)}.0/24`,
    );
    expect(
      valuesOf(`risk_based_prompting: {listed_networks: [${networks.join(', ')}]}`).listedNetworks,
    ).toEqual(networks);
    const faults = faultsOf(Array.from({ length: 60 }, (__, n) => `k${String(n)}: x`).join('\n'));
    expect(faults).toHaveLength(51);
    expect(faults[50]).toBe('51:1: and 10 more');
  });
});

function bounded(which: 0 | 1): PolicyValues {
  const numbers = Object.entries(POLICY_BOUNDS).map(([field, bounds]) => [field, bounds[which]]);
  return { ...DEFAULT_POLICY, ...(Object.fromEntries(numbers) as Partial<PolicyValues>) };
}
