import { displayText } from '../../platform';
import type { Approval, ApprovalAnswer, ApprovalDecision } from './terminal-device';

const PURPOSES: Readonly<Record<string, string>> = {
  SIGN_IN: 'Sign in',
  STEP_UP: 'Confirm that it is you',
  CALLER_CHECK: 'The help desk on the phone asks whether it is you',
};

// Whatever a gateway sends, no control character of it reaches the terminal.
const shown = (text: string): string => displayText(text, 200);

/** One request, as a phone would show it. */
export function approvalText(asked: Approval, now: Date): string {
  const { browser, operatingSystem, location, ipAddress } = asked.context;
  const client = [browser, operatingSystem].filter((part) => part !== null).join(' on ');
  const place = [location, ipAddress].filter((part) => part !== null).join(', ');
  const left = Math.max(0, Math.ceil((asked.expiresAt.getTime() - now.getTime()) / 1000));
  const lines: readonly (readonly [string, string])[] = [
    ['application', asked.applicationName ?? 'unknown'],
    ['message', asked.message ?? ''],
    ['browser', client || 'unknown'],
    ['place', place || 'unknown'],
    ['time left', `${String(left)} s`],
  ];
  const rows = lines
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `  ${name.padEnd(12)}${shown(value)}`);
  return [PURPOSES[asked.purpose] ?? 'Is it you?', ...rows].join('\n');
}

/** What came of an answer, in words; `isDone` if it is what the user wanted. */
export function outcomeText(decision: ApprovalDecision, { approval, errors }: ApprovalAnswer) {
  const [error] = errors;
  if (error?.code === 'CHALLENGE_CLOSED') return { isDone: false, text: closedText(approval?.status) };
  if (error) return { isDone: false, text: shown(error.message) };
  if (decision === 'DENY') return { isDone: true, text: 'Denied.' };
  if (decision === 'REPORT') return { isDone: true, text: 'Reported: the sign-in was ended.' };
  if (approval?.status === 'APPROVED')
    return { isDone: true, text: 'Approved. The login page goes on by itself.' };
  return { isDone: false, text: 'Wrong number: the request is over. Ask for a new one on the login page.' };
}

function closedText(status: string | undefined): string {
  if (status === 'EXPIRED') return 'Too late: the request has expired.';
  if (status === 'CANCELED') return 'The request was withdrawn, or replaced by a newer one.';
  return `The request was answered already${status === undefined ? '' : `: ${shown(status.toLowerCase())}`}.`;
}
