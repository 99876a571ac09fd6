/** What would make an account safer or harder to be locked out of. */
export const SecurityAdvice = {
  ENROLL_FACTOR: 'ENROLL_FACTOR',
  PREFER_AUTHENTICATOR_APP: 'PREFER_AUTHENTICATOR_APP',
  RENEW_BACKUP_CODES: 'RENEW_BACKUP_CODES',
  SINGLE_DEVICE: 'SINGLE_DEVICE',
  CLOCK_DRIFT: 'CLOCK_DRIFT',
} as const;
export type SecurityAdvice = keyof typeof SecurityAdvice;

/** So few codes left are worth new ones. */
export const CODES_LOW = 3;
/** An app that is off by more than one time step is close to being refused. */
const DRIFT_SECONDS = 30;
/** Kinds that live on the user's phone. */
const ON_PHONE = ['PUSH', 'SMS'];
const SENT = ['SMS', 'EMAIL'];

export interface AccountFacts {
  /** Of every factor but backup codes. */
  readonly kinds: readonly string[];
  readonly codesRemaining: number;
  readonly driftsSeconds: readonly number[];
  /** Kinds that the user may add. */
  readonly enrollableKinds: readonly string[];
}

/** Most useful first. Only what the user can act on here. */
export function adviceFor(facts: AccountFacts): SecurityAdvice[] {
  const { kinds, enrollableKinds } = facts;
  if (kinds.length === 0) return enrollableKinds.length > 0 ? ['ENROLL_FACTOR'] : [];
  const advice: SecurityAdvice[] = [];
  if (kinds.every((kind) => SENT.includes(kind)) && enrollableKinds.includes('TOTP')) {
    advice.push('PREFER_AUTHENTICATOR_APP');
  }
  if (facts.codesRemaining <= CODES_LOW) advice.push('RENEW_BACKUP_CODES');
  // Two of one kind may be two phones.
  const isOnOnePhone = kinds.every((kind) => ON_PHONE.includes(kind)) && new Set(kinds).size === kinds.length;
  if (isOnOnePhone && enrollableKinds.length > 0) advice.push('SINGLE_DEVICE');
  if (facts.driftsSeconds.some((drift) => Math.abs(drift) >= DRIFT_SECONDS)) advice.push('CLOCK_DRIFT');
  return advice;
}
