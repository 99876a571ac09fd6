import { adviceFor, type AccountFacts } from './advice';

const ALL = ['TOTP', 'SMS', 'PUSH'];
const facts = (more: Partial<AccountFacts>): AccountFacts => ({
  kinds: ['TOTP'],
  codesRemaining: 10,
  driftsSeconds: [],
  enrollableKinds: ALL,
  ...more,
});

it.each<[string, Partial<AccountFacts>, readonly string[]]>([
  [
    'nothing enrolled: enroll something, and nothing else',
    { kinds: [], codesRemaining: 0 },
    ['ENROLL_FACTOR'],
  ],
  [
    'nothing enrolled and nothing to enroll: no advice that cannot be followed',
    { kinds: [], enrollableKinds: [] },
    [],
  ],
  ['an app and codes: all is well', {}, []],
  [
    'only messages: an app is safer, and all is on one phone',
    { kinds: ['SMS'] },
    ['PREFER_AUTHENTICATOR_APP', 'SINGLE_DEVICE'],
  ],
  ['mail only: an app is safer', { kinds: ['EMAIL'] }, ['PREFER_AUTHENTICATOR_APP']],
  ['three codes left', { codesRemaining: 3 }, ['RENEW_BACKUP_CODES']],
  ['four codes left', { codesRemaining: 4 }, []],
  ['one phone, asked in two ways', { kinds: ['PUSH', 'SMS'] }, ['SINGLE_DEVICE']],
  ['two phones', { kinds: ['PUSH', 'PUSH'] }, []],
  ['a clock one step off', { driftsSeconds: [0, -30] }, ['CLOCK_DRIFT']],
  ['a clock that is right', { driftsSeconds: [0] }, []],
  [
    'everything at once, most useful first',
    { kinds: ['SMS'], codesRemaining: 0, driftsSeconds: [30] },
    ['PREFER_AUTHENTICATOR_APP', 'RENEW_BACKUP_CODES', 'SINGLE_DEVICE', 'CLOCK_DRIFT'],
  ],
])('%s', (_, given, expected) => {
  expect(adviceFor(facts(given))).toEqual(expected);
});
