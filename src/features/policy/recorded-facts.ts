import { z } from 'zod';
import { AssuranceLevel, AuthFlowPurpose, Role } from '../../kernel';
import { AccountType } from '../users';
import type { Finding, PolicyFacts } from './facts';
import type { Decided } from './policies.service';

/** Findings are kept as far as they fit beside the facts; the facts alone are enough to find them again. */
const FINDINGS_BYTES_MAX = 5000;

/** What an audit event keeps of a decision: no secret is among it. */
export const recordedDecision = ({ decision, facts, version }: Decided): object => ({
  policyVersion: version,
  facts,
  findings: fitting(
    decision.findings.map(({ rule, effect, explanation }) => ({ rule, effect, explanation })),
  ),
  requiredAssurance: decision.requiredAssurance,
  isBlocked: decision.isBlocked,
  isSpared: decision.isSpared,
});

/** The facts of an event's details, and the version that decided on them; undefined if there are none, or not readable. */
export function factsFrom(details: unknown): RecordedFacts | undefined {
  const parsed = recorded.safeParse(details);
  return parsed.success ? parsed.data : undefined;
}

export interface RecordedFacts {
  /** Null: no policy could be read. */
  readonly policyVersion: number | null;
  readonly facts: PolicyFacts;
}

const instant = z.iso.datetime().transform((text) => new Date(text));

const place = z.object({
  country: z.string(),
  city: z.string().nullable(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
});

const facts = z.object({
  purpose: z.enum(AuthFlowPurpose),
  at: instant,
  accountType: z.enum(AccountType),
  roles: z.array(z.enum(Role)),
  factorKinds: z.array(z.string()),
  enrollmentDueAt: instant.nullable(),
  // Events older than this fact do not hold it.
  isEnrollmentClosed: z.boolean().default(false),
  lastActiveAt: instant,
  clientId: z.string(),
  ipAddress: z.string().nullable(),
  isDeviceKnown: z.boolean().nullable(),
  deviceRememberedUntil: instant.nullable(),
  place: place.nullable(),
  isPlaceKnown: z.boolean().nullable(),
  lastPlace: place.extend({ at: instant }).nullable(),
  requestedAssurance: z.enum(AssuranceLevel).nullable(),
  action: z.string().nullable(),
}) satisfies z.ZodType<PolicyFacts>;

const recorded = z.object({ policyVersion: z.int().nullable(), facts }) satisfies z.ZodType<RecordedFacts>;

type RecordedFinding = Pick<Finding, 'rule' | 'effect' | 'explanation'>;

function fitting(findings: readonly RecordedFinding[]): RecordedFinding[] {
  let bytes = 0;
  return findings.filter((one) => (bytes += Buffer.byteLength(JSON.stringify(one))) <= FINDINGS_BYTES_MAX);
}
