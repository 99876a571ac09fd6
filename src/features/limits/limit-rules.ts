/** After `free` consecutive failures each further try waits, twice as long each time. A success starts over. */
export interface BackOffRule {
  readonly name: string;
  readonly free: number;
  readonly firstDelaySeconds: number;
  readonly delaySecondsMax: number;
  /** From so many failures on nothing is tried any more until something else restores it. */
  readonly disabledAt?: number;
}

/** At most `count` in a window that begins with the first. */
export interface WindowRule {
  readonly name: string;
  readonly count: number;
  readonly perSeconds: number;
}

/** Every limit that is counted per user, account or address. */
export const LIMITS = {
  /** Wrong answers of guessable second factors, per user over all flows (NIST SP 800-63B §3.2.2: at most 100). */
  guesses: { name: 'guess', free: 5, firstDelaySeconds: 30, delaySecondsMax: 3600, disabledAt: 100 },
  /** Wrong passwords per account and address: slows a guesser, never locks out the owner elsewhere. */
  passwordsByAccountAndAddress: { name: 'password', free: 5, firstDelaySeconds: 1, delaySecondsMax: 60 },
  passwordsByAddress: { name: 'password-address', count: 100, perSeconds: 3600 },
  /** Sign-ups, resets and changes of address that one address of the network may begin: each sends a message. */
  addressFlowsByAddress: { name: 'address-flow', count: 20, perSeconds: 3600 },
  /** Reports of activity that one address of the network may send. */
  reportsByAddress: { name: 'report', count: 30, perSeconds: 3600 },
  /** Notices of abandoned sign-ins, per user. */
  abandonedNotices: { name: 'abandoned-notice', count: 1, perSeconds: 600 },
  /** Notices by SMS, per user: each costs money, and the mail goes out anyway. */
  smsNotices: { name: 'notice-by-sms', count: 10, perSeconds: 86_400 },
  /** Callers that one agent may check: each check rings or writes to somebody. */
  callerChecksByAgent: { name: 'caller-check', count: 60, perSeconds: 3600 },
  /** Flows that a right first factor may begin. */
  flowsByUser: { name: 'flow', count: 10, perSeconds: 600 },
} as const satisfies Record<string, BackOffRule | WindowRule>;
