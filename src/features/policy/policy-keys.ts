import { Role } from '../../kernel';
import { factorKinds } from '../factors';
import {
  durationIn,
  freeText,
  levelWord,
  wholeNumber,
  wordsFor,
  yesOrNo,
  type WordForm,
} from './policy-forms';
import { AdminRecovery, MfaRequirement, RiskResponse, RiskSignal, type PolicyValues } from './policy';

export type Form =
  | WordForm
  | { readonly is: 'list'; readonly of: WordForm }
  | { readonly is: 'records'; readonly keys: readonly PolicyKey[] };

/** One key of the policy file. */
export interface PolicyKey {
  readonly key: string;
  /** Where its value goes: fields of `PolicyValues` (or of one rule), `riskResponses` by signal. */
  readonly to: readonly (readonly string[])[];
  readonly form: Form;
  /** What it does, for the reference. */
  readonly about: string;
}

export interface PolicySection {
  readonly name: string;
  readonly about: string;
  readonly keys: readonly PolicyKey[];
  /** May be a list of maps as well as a map. */
  readonly isAlsoList?: boolean;
  /** What the word `off` in place of the map means. */
  readonly off?: { readonly to: readonly string[]; readonly value: number };
  /** The section is a map from names to records, which go to this field. */
  readonly namedIn?: 'actions';
}

const key = (name: string, to: string | readonly string[], form: Form, about: string): PolicyKey => ({
  key: name,
  to: [typeof to === 'string' ? [to] : to],
  form,
  about,
});

const list = (of: WordForm): Form => ({ is: 'list', of });
const kindWords = list(
  wordsFor(factorKinds.filter(({ traits }) => !traits.isTemporary).map(({ kind }) => kind)),
);
const response = wordsFor(Object.keys(RiskResponse));
const networks: WordForm = { ...freeText, says: 'an address or a CIDR block, for example `192.0.2.0/24`' };

const RULE_KEYS: readonly PolicyKey[] = [
  key('name', 'name', freeText, 'Told in the explanation of a decision. Each rule has its own.'),
  key('roles', 'roles', list(wordsFor(Object.keys(Role))), 'One is enough; a role includes those above it.'),
  key(
    'client_ids',
    'clientIds',
    list({ ...freeText, says: 'ids of applications' }),
    'Applications signed in to.',
  ),
  key('networks', 'networks', list(networks), 'Where the sign-in comes from.'),
  key('signals', 'signals', list(wordsFor(Object.keys(RiskSignal))), 'One of them was found.'),
  key(
    'requirement',
    'requirement',
    wordsFor(Object.keys(MfaRequirement)),
    'Left out: `always`. A rule for roles alone that says `always` makes those people enroll, with the grace period.',
  ),
  key('minimum_assurance', 'minimumAssurance', levelWord, 'Left out: `aal2`.'),
  key('allowed_kinds', 'allowedKinds', kindWords, 'Narrows the kinds that may be used.'),
  key('is_blocking', 'isBlocking', yesOrNo, 'Nobody passes. Left out: `false`.'),
];

const ACTION_KEYS: readonly PolicyKey[] = [
  key('minimum_assurance', 'minimumAssurance', levelWord, 'Left out: `aal2`.'),
  key(
    'max_age',
    'maxAgeSeconds',
    durationIn('second'),
    'A proof older than this is asked for again; at most 15 minutes. Left out: `5_minutes`.',
  ),
  key(
    'single_use',
    'isSingleUse',
    yesOrNo,
    'Each time anew, whatever was proven a moment ago. Left out: `false`.',
  ),
];

const signal = (name: RiskSignal, about: string): PolicyKey =>
  key(name.toLowerCase(), ['riskResponses', name], response, about);

const enforcement: PolicySection = {
  name: 'mfa_enforcement',
  about: 'Who needs a second factor, from when on, and which ones count.',
  keys: [
    key(
      'all_users',
      'requirement',
      wordsFor(Object.keys(MfaRequirement), { ALWAYS: true, OPTIONAL: false }),
      '`true`: everybody is asked, and must enroll. `false`: only who has enrolled is asked. `when_risky`: only if a signal is found.',
    ),
    key(
      'grace_period',
      'enrollmentGraceDays',
      durationIn('day'),
      'Time to enroll, from when the requirement first applies to a user. The deadline is then fixed. `0`: at once.',
    ),
    key(
      'exclude_service_accounts',
      'excludesServiceAccounts',
      yesOrNo,
      'Service accounts are never made to enroll.',
    ),
    key(
      'minimum_assurance',
      'minimumAssurance',
      levelWord,
      'The level to reach. `aal2-phr` (phishing-resistant) is refused while no kind of factor reaches it.',
    ),
    key(
      'allowed_kinds',
      'allowedKinds',
      kindWords,
      'Kinds that may be enrolled and used. Factors of other kinds are kept, and hidden.',
    ),
    key('maximum_attempts', 'maximumAttempts', wholeNumber, 'Wrong answers after which a flow ends.'),
    key(
      'step_up_max_age',
      'stepUpMaxAgeSeconds',
      durationIn('second'),
      'How long a step-up stays good for what changes an account.',
    ),
    key(
      'rules',
      'rules',
      { is: 'records', keys: RULE_KEYS },
      'Stricter demands for some sign-ins, see [below](#rules).',
    ),
  ],
};

const risk: PolicySection = {
  name: 'risk_based_prompting',
  about:
    'What an unusual sign-in leads to. `ignore`: nothing. `prompt_mfa`: whoever has a factor is asked; a remembered browser does not help. `require_mfa`: nobody passes without a factor; grace does not help. `block`: nobody passes.',
  isAlsoList: true,
  keys: [
    signal('NEW_DEVICE', 'A browser or app that the user has not signed in with before.'),
    signal(
      'NEW_LOCATION',
      'A country, or a city where `PLACES_FILE` knows cities, that the user has not signed in from before.',
    ),
    signal(
      'IMPOSSIBLE_TRAVEL',
      'Nobody travels so fast from where the last sign-in came. Found only where `PLACES_FILE` has coordinates.',
    ),
    signal('LONG_INACTIVITY', 'Nobody has signed in to the account for `inactivity_after`.'),
    signal('LISTED_NETWORK', 'An address of `listed_networks`.'),
    signal('SENSITIVE_ACTION', 'The application names a sensitive action in `startStepUp`.'),
    key(
      'listed_networks',
      'listedNetworks',
      list(networks),
      'At most 10,000, for example of anonymising networks.',
    ),
    key('inactivity_after', 'inactivityDays', durationIn('day'), 'How long is long for `long_inactivity`.'),
  ],
};

const recovery: PolicySection = {
  name: 'recovery',
  about: 'How locked-out people get back in.',
  keys: [
    key('backup_codes', 'backupCodeCount', wholeNumber, 'How many codes one set has.'),
    key(
      'admin_recovery',
      'adminRecovery',
      wordsFor(Object.keys(AdminRecovery)),
      'Whether the help desk can let people back in, after it has checked who they are.',
    ),
    {
      key: 'recovery_timeout',
      to: [['recoveryWaitingHours'], ['recoveryTimeoutHours']],
      form: durationIn('hour'),
      about: 'Sets `waiting` and `usable_for` alike; either of them, where given, counts more.',
    },
    key(
      'waiting',
      'recoveryWaitingHours',
      durationIn('hour'),
      'How long an approved recovery waits, so that the owner can stop it.',
    ),
    key('usable_for', 'recoveryTimeoutHours', durationIn('hour'), 'How long after that it may be used.'),
    key(
      'approvals',
      'recoveryApprovals',
      wholeNumber,
      'By how many different people a recovery must be approved.',
    ),
  ],
};

/** Everything that a policy file may hold, in the order in which it is printed. */
export const POLICY_SECTIONS: readonly PolicySection[] = [
  enforcement,
  risk,
  {
    name: 'sensitive_actions',
    about:
      'What actions need that applications name in `startStepUp`, by their names, for example `payments.send`.',
    keys: ACTION_KEYS,
    namedIn: 'actions',
  },
  {
    name: 'remembered_browsers',
    about:
      'Whether a browser may stand in for the second factor after it was given there. `remembered_browsers: off`: never.',
    keys: [key('days', 'rememberDeviceDays', wholeNumber, 'For how many days. `0`: never.')],
    off: { to: ['rememberDeviceDays'], value: 0 },
  },
  {
    name: 'push',
    about: 'Sign-ins that are approved on a phone.',
    keys: [key('digits', 'pushDigits', wholeNumber, 'Digits of the number to type on the phone.')],
  },
  recovery,
];

/** Where a key may stand, for one that has lost its indentation. */
export const placesOf = (name: string): string[] => [
  ...POLICY_SECTIONS.filter((section) => !section.namedIn && holds(section.keys, name)).map(
    (section) => section.name,
  ),
  ...(holds(RULE_KEYS, name) ? ['a rule'] : []),
  ...(holds(ACTION_KEYS, name) ? ['a sensitive action'] : []),
];

const holds = (keys: readonly PolicyKey[], name: string): boolean => keys.some((one) => one.key === name);

/** The value at a path of the policy. */
export const valueAt = (values: PolicyValues, path: readonly string[]): unknown =>
  path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], values);
