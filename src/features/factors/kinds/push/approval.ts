import { z } from 'zod';
import { AuthFlowPurpose, type Chance } from '../../../../kernel';
import { newToken } from '../../../../platform';
import type { ChallengeRequest } from '../../contract';

const text = z.string().nullable();

/** What stays with the open challenge: the number is for the login screen only, the rest for the phone. */
export const keptApproval = z.object({
  challengeId: z.string(),
  deviceId: z.string(),
  deviceName: z.string(),
  number: z.string(),
  digits: z.number(),
  nonce: z.string(),
  purpose: z.enum(AuthFlowPurpose),
  applicationName: z.string(),
  message: text,
  context: z.object({ ipAddress: text, location: text, browser: text, operatingSystem: text }),
});
export type KeptApproval = z.infer<typeof keptApproval>;

interface AskedDevice {
  readonly id: string;
  readonly name: string;
}

/** A fresh question: a uniform number, and 256 bits that bind the answer to this very question. */
export const newApproval = (
  device: AskedDevice,
  request: ChallengeRequest,
  chance: Chance,
): KeptApproval => ({
  challengeId: request.challengeId,
  deviceId: device.id,
  deviceName: device.name,
  number: String(chance.below(10 ** request.numberDigits)).padStart(request.numberDigits, '0'),
  digits: request.numberDigits,
  nonce: newToken(chance),
  purpose: request.purpose,
  applicationName: request.applicationName,
  message: request.message,
  context: request.context,
});
