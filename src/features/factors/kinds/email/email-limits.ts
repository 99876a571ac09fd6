const HOUR = 3600;
const DAY = 86_400;

/** How often codes of the factor may be sent; charged beforehand. */
export const EMAIL_LIMITS = {
  /** A flow lives ten minutes. */
  flow: { name: 'email-flow', count: 3, perSeconds: HOUR },
  userHour: { name: 'email-user-hour', count: 5, perSeconds: HOUR },
  userDay: { name: 'email-user-day', count: 10, perSeconds: DAY },
  addressHour: { name: 'email-to-hour', count: 5, perSeconds: HOUR },
  addressDay: { name: 'email-to-day', count: 10, perSeconds: DAY },
  network: { name: 'email-address', count: 20, perSeconds: HOUR },
} as const;

/**
 * Codes that prove an address, which anybody can ask for. Counted apart from the factor's, so that a stranger cannot
 * use up what its owner signs in with. Per address of the network the flow that asks is limited.
 */
export const ADDRESS_LIMITS = {
  hour: { name: 'email-proof-hour', count: 3, perSeconds: HOUR },
  day: { name: 'email-proof-day', count: 5, perSeconds: DAY },
} as const;
