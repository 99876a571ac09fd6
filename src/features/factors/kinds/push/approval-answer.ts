import { z } from 'zod';
import { unixSeconds } from '../../../../kernel';
import { sameBytes, sha256 } from '../../../../platform';
import type { Verdict } from '../../contract';
import type { KeptApproval } from './approval';
import type { PublicJwk } from './device-key';
import { openJws, type Opened } from './device-jws';

export const ApprovalDecision = { APPROVE: 'APPROVE', DENY: 'DENY', REPORT: 'REPORT' } as const;
export type ApprovalDecision = keyof typeof ApprovalDecision;

/** How old an answer may be, or how far the phone's clock ahead. */
const AGE_SECONDS_MAX = 120;

const answerPayload = z.strictObject({
  aud: z.string(),
  iat: z.int(),
  approvalId: z.string(),
  nonce: z.string(),
  decision: z.enum(ApprovalDecision),
  number: z.string().max(16).optional(),
  messageHash: z.string().optional(),
});
type AnswerPayload = z.infer<typeof answerPayload>;

/** A device that answers, as its row describes it. */
export interface AnsweringDevice {
  readonly id: string;
  readonly publicJwk: PublicJwk;
}

/** Checks that the device signed this answer; says nothing yet about what it answers. */
export const openAnswer = (jws: string, device: AnsweringDevice): Promise<Opened<AnswerPayload>> =>
  openJws(jws, { key: device.publicJwk, typ: 'approval+jwt', kid: device.id, payload: answerPayload });

/** Judges an answer to one approval. Every signed field must fit; only then does the decision count. */
export async function judgeAnswer(
  jws: string,
  approval: KeptApproval,
  device: AnsweringDevice,
  audience: string,
  now: Date,
): Promise<Verdict> {
  const opened = await openAnswer(jws, device);
  if ('why' in opened) return { accepted: false, why: opened.why };
  const answer = opened.payload;
  const why = misfit(answer, approval, audience, now);
  if (why) return { accepted: false, why };
  if (answer.decision === 'DENY') return { accepted: false, why: 'denied', ends: 'USER_DENIED' };
  if (answer.decision === 'REPORT') return { accepted: false, why: 'reported', ends: 'USER_REPORTED' };
  if (answer.number === undefined) return { accepted: false, why: 'no number' };
  // Digests, since they are of one length whatever was typed.
  if (sameBytes(sha256(answer.number), sha256(approval.number))) return { accepted: true };
  return { accepted: false, why: 'wrong number', ends: 'NUMBER_MISMATCH' };
}

/** Base64url SHA-256 of the UTF-8 text: what a device signs in place of the message itself. */
export const messageHash = (message: string): string => sha256(message).toString('base64url');

function misfit(
  answer: AnswerPayload,
  approval: KeptApproval,
  audience: string,
  now: Date,
): string | undefined {
  if (answer.aud !== audience) return 'other audience';
  if (Math.abs(unixSeconds(now) - answer.iat) > AGE_SECONDS_MAX) return 'old or future answer';
  if (answer.approvalId !== approval.challengeId) return 'answer to another approval';
  if (answer.nonce !== approval.nonce) return 'wrong nonce';
  const hash = approval.message === null ? undefined : messageHash(approval.message);
  return answer.messageHash === hash ? undefined : 'wrong message hash';
}
