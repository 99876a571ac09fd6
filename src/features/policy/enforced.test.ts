import { policy, rule } from '../../../test/support/policy-facts';
import type { Role } from '../../kernel';
import { enforcedBy, isEnforcedFor } from './enforced';
import type { PolicyValues } from './policy';

const OPTIONAL = { requirement: 'OPTIONAL' } as const;
const ROLES: readonly (readonly Role[])[] = [['USER'], ['HELP_DESK'], ['USER', 'ADMIN'], ['ADMIN'], []];

/** As the statement that writes the deadlines asks it. */
const isInStatement = (values: PolicyValues, roles: readonly Role[], accountType: 'PERSON' | 'SERVICE') => {
  const by = enforcedBy(values);
  return (
    (by.isEverybody || by.roles.some((role) => roles.includes(role))) &&
    !(by.isWithoutServiceAccounts && accountType === 'SERVICE')
  );
};

describe('whom the policy makes enroll', () => {
  test.each<[string, Partial<PolicyValues>, boolean[]]>([
    ['everybody', {}, [true, true, true, true, true]],
    ['nobody', OPTIONAL, [false, false, false, false, false]],
    ['nobody, when risky', { requirement: 'WHEN_RISKY' }, [false, false, false, false, false]],
    [
      'administrators',
      { ...OPTIONAL, rules: [rule({ roles: ['ADMIN'] })] },
      [false, false, true, true, false],
    ],
    [
      'the help desk and above',
      { ...OPTIONAL, rules: [rule({ roles: ['HELP_DESK'] })] },
      [false, true, true, true, false],
    ],
    ['all by a rule', { ...OPTIONAL, rules: [rule()] }, [true, true, true, true, true]],
    [
      'none by a rule for a network, an application, a signal, or one that blocks or only asks',
      {
        ...OPTIONAL,
        rules: [
          rule({ networks: ['0.0.0.0/0'] }),
          rule({ clientIds: ['default'] }),
          rule({ signals: ['NEW_DEVICE'] }),
          rule({ isBlocking: true }),
          rule({ requirement: 'OPTIONAL' }),
        ],
      },
      [false, false, false, false, false],
    ],
  ])('ENR-08 %s: the rule and the statement agree', (_, changes, expected) => {
    for (const excludesServiceAccounts of [true, false]) {
      const values = policy({ ...changes, excludesServiceAccounts });
      for (const accountType of ['PERSON', 'SERVICE'] as const) {
        const isLeftOut = excludesServiceAccounts && accountType === 'SERVICE';
        const wanted = expected.map((one) => one && !isLeftOut);
        expect(ROLES.map((roles) => isEnforcedFor(values, { roles, accountType }))).toEqual(wanted);
        expect(ROLES.map((roles) => isInStatement(values, roles, accountType))).toEqual(wanted);
      }
    }
  });
});
