import type { Amr, Proven } from '../../kernel';
import { SessionGrant } from './session-grant';
import { carriedProofs, steppedUp } from './session';

const proof = (kind: string, amr: Amr[], isPhishingResistant = false): Proven => ({
  by: kind === 'PASSWORD' ? 'password' : `fct_${kind}`,
  kind,
  amr,
  isPhishingResistant,
});
const password = proof('PASSWORD', ['pwd']);
const totp = proof('TOTP', ['otp']);
const sms = proof('SMS', ['sms', 'mca']);
const passkey = proof('WEBAUTHN', ['pop', 'user'], true);
const now = new Date('2026-11-24T09:30:00Z');

describe('a step-up', () => {
  it.each([
    ['a password session by a code', [password], [totp], 'AAL2', ['pwd', 'otp', 'mfa']],
    ['a session of two factors by one of them', [password, totp], [totp], 'AAL2', ['pwd', 'otp', 'mfa']],
    [
      'a session of two factors by a passkey',
      [password, sms],
      [passkey],
      'AAL2_PHR',
      ['pwd', 'pop', 'user', 'mfa'],
    ],
    [
      'a passkey session by a weaker factor',
      [password, passkey],
      [sms],
      'AAL2',
      ['pwd', 'sms', 'mca', 'mfa'],
    ],
    ['a session begun by passkey by a code', [passkey], [totp], 'AAL2', ['pop', 'user', 'otp', 'mfa']],
    ['a session of two factors by the password', [password, totp], [password], 'AAL1', ['pwd']],
  ])('of %s', (_, before, fresh, assurance, methods) => {
    expect(steppedUp({ proofs: before }, fresh, now)).toMatchObject({
      assurance,
      methods,
      authenticatedAt: now,
    });
  });

  it('counts the same when it is counted again', () => {
    const once = steppedUp({ proofs: [passkey, sms] }, [totp], now);
    expect(steppedUp(once, [totp], now)).toEqual(once);
  });
});

it('a session brings its first factor into a step-up, no longer as phishing-resistant', () => {
  expect(carriedProofs({ proofs: [passkey, totp] })).toEqual([{ ...passkey, isPhishingResistant: false }]);
});

it('a session is not granted without a proof', () => {
  const opening = {
    userId: 'usr_ada',
    clientId: 'web',
    applicationName: null,
    flowId: 'flw_1',
    flowToken: 'token',
    knownDeviceId: null,
    endsBy: null,
    context: { ipAddress: null, location: null, browser: null, operatingSystem: null },
  };
  expect(() => SessionGrant.of({ ...opening, proofs: [] })).toThrow();
  expect(SessionGrant.of({ ...opening, proofs: [password] }).opening.proofs).toEqual([password]);
});
