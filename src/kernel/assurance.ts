/** Authenticator assurance levels of NIST SP 800-63B; AAL2_PHR is AAL2 with a phishing-resistant factor. */
export const AssuranceLevel = { AAL1: 'AAL1', AAL2: 'AAL2', AAL2_PHR: 'AAL2_PHR', AAL3: 'AAL3' } as const;
export type AssuranceLevel = keyof typeof AssuranceLevel;

const RANK: Record<AssuranceLevel, number> = { AAL1: 1, AAL2: 2, AAL2_PHR: 3, AAL3: 4 };

/** Whether the level reached is at least the level wanted. */
export const reaches = (reached: AssuranceLevel, wanted: AssuranceLevel): boolean =>
  RANK[reached] >= RANK[wanted];

export const strongest = (first: AssuranceLevel, ...rest: readonly AssuranceLevel[]): AssuranceLevel =>
  rest.reduce((best, level) => (RANK[level] > RANK[best] ? level : best), first);

const ACR: Record<AssuranceLevel, string> = {
  AAL1: 'aal1',
  AAL2: 'aal2',
  AAL2_PHR: 'aal2-phr',
  AAL3: 'aal3',
};

/** The token's `acr` claim. */
export const acrOf = (level: AssuranceLevel): string => ACR[level];
export const levelOfAcr = (acr: unknown): AssuranceLevel | undefined =>
  (Object.keys(ACR) as AssuranceLevel[]).find((level) => ACR[level] === acr);

/** Authentication method references, RFC 8176 §2. Backup codes, e-mail and remembered browsers have none registered. */
export type Amr =
  'pwd' | 'otp' | 'sms' | 'email' | 'swk' | 'hwk' | 'pop' | 'user' | 'mca' | 'mfa' | 'backup_code';

/** One proof given in a flow: by which authenticator, and how it is to be named in the token. */
export interface Proven {
  /** `password`, or the id of the factor. Two proofs by one authenticator count once. */
  readonly by: string;
  /** A kind of factor, or `PASSWORD`. Two proofs of one kind count once. */
  readonly kind: string;
  readonly amr: readonly Amr[];
  readonly isPhishingResistant: boolean;
}

/**
 * The level that a set of proofs reaches. Two different authenticators of different kind make AAL2
 * (NIST SP 800-63B §4.2.1); AAL3 is never claimed, since no kind proves that its key cannot leave the device.
 */
export function assuranceOf(proofs: readonly Proven[]): AssuranceLevel {
  const isTwo =
    new Set(proofs.map((proof) => proof.by)).size > 1 && new Set(proofs.map((proof) => proof.kind)).size > 1;
  if (!isTwo) return 'AAL1';
  return proofs.some((proof) => proof.isPhishingResistant) ? 'AAL2_PHR' : 'AAL2';
}

/** The token's `amr` claim: what was proven, and `mfa` only for two distinct factors. */
export function methodsOf(proofs: readonly Proven[]): Amr[] {
  const methods = new Set(proofs.flatMap((proof) => proof.amr));
  if (reaches(assuranceOf(proofs), 'AAL2')) methods.add('mfa');
  return [...methods];
}
