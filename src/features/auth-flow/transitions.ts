/**
 * The states of a flow and what moves it. An event that a state does not list is illegal there. The diagram in the docs
 * and the exhaustive test are printed from this table.
 */
export const TRANSITIONS = {
  CHALLENGE_REQUIRED: {
    challengeStarted: 'CHALLENGE_PENDING',
    reported: 'DENIED',
    canceled: 'CANCELED',
    timedOut: 'EXPIRED',
  },
  CHALLENGE_PENDING: {
    challengeStarted: 'CHALLENGE_PENDING',
    challengeProgressed: 'CHALLENGE_PENDING',
    challengeEnded: 'CHALLENGE_REQUIRED',
    provenPartly: 'CHALLENGE_REQUIRED',
    passwordDue: 'NEW_PASSWORD_REQUIRED',
    enrollmentDue: 'ENROLLMENT_REQUIRED',
    provenByHolder: 'COMPLETED',
    provenElsewhere: 'VERIFIED',
    attemptsExhausted: 'LOCKED',
    reported: 'DENIED',
    canceled: 'CANCELED',
    timedOut: 'EXPIRED',
  },
  ENROLLMENT_REQUIRED: {
    factorEnrolled: 'VERIFIED',
    reported: 'DENIED',
    canceled: 'CANCELED',
    timedOut: 'EXPIRED',
  },
  NEW_PASSWORD_REQUIRED: {
    passwordSet: 'COMPLETED',
    reported: 'DENIED',
    canceled: 'CANCELED',
    timedOut: 'EXPIRED',
  },
  VERIFIED: {
    collected: 'COMPLETED',
    reported: 'DENIED',
    canceled: 'CANCELED',
    timedOut: 'EXPIRED',
  },
  COMPLETED: {},
  DENIED: {},
  LOCKED: {},
  EXPIRED: {},
  CANCELED: {},
} as const;

export type AuthFlowStatus = keyof typeof TRANSITIONS;
export type FlowEventName = {
  [S in AuthFlowStatus]: keyof (typeof TRANSITIONS)[S];
}[AuthFlowStatus];

/** Where an event leads, or undefined where it is illegal. */
export const nextStatus = (status: AuthFlowStatus, event: FlowEventName): AuthFlowStatus | undefined =>
  (TRANSITIONS[status] as Partial<Record<FlowEventName, AuthFlowStatus>>)[event];

export const isFinal = (status: AuthFlowStatus): boolean => Object.keys(TRANSITIONS[status]).length === 0;

/** The table as a Mermaid state diagram, for the docs. */
export function flowDiagram(): string {
  const lines = Object.entries(TRANSITIONS).flatMap(([status, events]) =>
    Object.keys(events).length === 0
      ? [`  ${status} --> [*]`]
      : Object.entries(events).map(([event, next]) => `  ${status} --> ${next}: ${event}`),
  );
  const begins = ['CHALLENGE_REQUIRED', 'ENROLLMENT_REQUIRED', 'COMPLETED', 'DENIED'].map(
    (status) => `  [*] --> ${status}`,
  );
  return ['stateDiagram-v2', ...begins, ...lines].join('\n');
}
