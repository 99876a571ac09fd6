import { approvalText, outcomeText } from './device-text';
import type { Approval, ApprovalAnswer } from './terminal-device';

const now = new Date('2026-11-24T09:30:00Z');
const approval: Approval = {
  id: 'chl_1',
  status: 'PENDING',
  purpose: 'SIGN_IN',
  applicationName: 'Example App',
  message: null,
  nonce: 'nonce',
  numberDigits: 2,
  createdAt: now,
  expiresAt: new Date('2026-11-24T09:31:52Z'),
  context: { ipAddress: '192.0.2.1', location: null, browser: 'Firefox 140', operatingSystem: 'Linux' },
};

describe('a request in the terminal', () => {
  it('says what it is for, where it comes from and how long it stands', () => {
    expect(approvalText(approval, now).split('\n')).toEqual([
      'Sign in',
      '  application Example App',
      '  browser     Firefox 140 on Linux',
      '  place       192.0.2.1',
      '  time left   112 s',
    ]);
  });

  it('shows the message that is signed with it', () => {
    expect(approvalText({ ...approval, message: 'Pay €500 to Bob' }, now)).toContain('Pay €500 to Bob');
  });

  it('cannot steer the terminal', () => {
    const text = approvalText({ ...approval, message: '\u001b[2J\u202edet', applicationName: 'A\r\nB' }, now);
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u202e]/);
    expect(text).toContain('A B');
  });

  it('has no time left once it is over', () => {
    expect(approvalText(approval, new Date('2026-11-24T10:00:00Z'))).toContain('time left   0 s');
  });
});

describe('what came of an answer', () => {
  const answer = (status: string | null, code?: string): ApprovalAnswer => ({
    approval: status === null ? null : { id: 'chl_1', status },
    errors: code === undefined ? [] : [{ code, message: `told: ${code}` }],
  });

  it.each([
    ['APPROVE', answer('APPROVED'), true, /^Approved/],
    ['APPROVE', answer('DENIED'), false, /^Wrong number/],
    ['DENY', answer('DENIED'), true, /^Denied/],
    ['REPORT', answer('DENIED'), true, /^Reported/],
    ['APPROVE', answer('EXPIRED', 'CHALLENGE_CLOSED'), false, /expired/],
    ['APPROVE', answer('CANCELED', 'CHALLENGE_CLOSED'), false, /withdrawn/],
    ['DENY', answer('APPROVED', 'CHALLENGE_CLOSED'), false, /answered already: approved/],
    ['DENY', answer(null, 'CHALLENGE_CLOSED'), false, /answered already\.$/],
    ['APPROVE', answer(null, 'INVALID_PROOF'), false, /^told: INVALID_PROOF$/],
  ] as const)('%s with %j', (decision, given, isDone, text) => {
    const outcome = outcomeText(decision, given);
    expect(outcome.isDone).toBe(isDone);
    expect(outcome.text).toMatch(text);
  });
});
