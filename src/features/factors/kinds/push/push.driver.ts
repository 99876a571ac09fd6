import type { Message } from '../../../../delivery';
import { Refusal, after, newId, seconds, type Chance, type Clock } from '../../../../kernel';
import { newToken, type Keyring, type Sql } from '../../../../platform';
import type { ChallengeRequest, FactorDriver, FactorRef, Issued, Verdict } from '../../contract';
import { keptApproval, newApproval, type KeptApproval } from './approval';
import { judgeAnswer } from './approval-answer';
import type { DeviceEntity } from './device.entity';
import { algorithmOf, thumbprintOf } from './device-key';
import { addDevice, confirmDevice, deviceOfFactor, type NewDevice } from './devices.store';
import { keptPairing, type KeptPairing } from './pairing';
import { openPushToken, sealPushToken } from './push-token';
import { possessionFault, type Registration } from './registration';

const PAIRING_SECONDS = 600;
const CHALLENGE_SECONDS = 120;
const RESEND_SECONDS = 30;

/** A registration when enrolling; the answer, a compact JWS, when a challenge is open. */
export type PushProof = Registration | string;

/** Approving on a registered device. The device's signature decides, over everything that it was asked. */
export class PushDriver implements FactorDriver<PushProof> {
  constructor(
    private readonly sql: Sql,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
    private readonly chance: Chance,
    private readonly publicUrl: string,
  ) {}

  enroll(): Promise<Issued> {
    const kept: KeptPairing = { pairingToken: newToken(this.chance), gateway: this.publicUrl };
    return Promise.resolve({
      lifeSeconds: PAIRING_SECONDS,
      resendAfterSeconds: null,
      kept,
      pairingToken: kept.pairingToken,
    });
  }

  async activate(factor: FactorRef, kept: unknown, proof: PushProof, now: Date): Promise<Verdict> {
    if (typeof proof === 'string') return { accepted: false, why: 'not a registration' };
    const { pairingToken } = keptPairing.parse(kept);
    const why = await possessionFault(proof, { pairingToken, audience: this.publicUrl }, now);
    if (why) return { accepted: false, why };
    const device = await this.newDevice(factor, proof);
    return {
      accepted: true,
      hint: device.name,
      consume: async (tx) => {
        if (await addDevice(tx, device)) return true;
        throw new Refusal('FACTOR_ALREADY_ENROLLED', { path: ['input', 'publicKey'] });
      },
    };
  }

  async issue(factor: FactorRef, request: ChallengeRequest): Promise<Issued> {
    const device = await deviceOfFactor(this.sql, factor.id);
    if (!device) throw new Refusal('FACTOR_NOT_AVAILABLE');
    const kept = newApproval(device, request, this.chance);
    return {
      lifeSeconds: CHALLENGE_SECONDS,
      resendAfterSeconds: RESEND_SECONDS,
      kept,
      sentTo: device.name,
      send: [{ ...pushMessage(kept, this.clock.now()), ...this.targetOf(device) }],
    };
  }

  async verify(factor: FactorRef, kept: unknown, proof: PushProof, now: Date): Promise<Verdict> {
    const approval = keptApproval.parse(kept);
    const device = await deviceOfFactor(this.sql, factor.id);
    if (device?.id !== approval.deviceId) return { accepted: false, why: 'no such device, or revoked' };
    if (typeof proof !== 'string') return { accepted: false, why: 'not an answer' };
    const verdict = await judgeAnswer(proof, approval, device, this.publicUrl, now);
    return verdict.accepted ? { ...verdict, consume: (tx) => confirmDevice(tx, device.id) } : verdict;
  }

  /** Where the push service finds the device; nowhere, if it asks by itself. */
  private targetOf(device: DeviceEntity): Pick<Message, 'target'> {
    const pushToken = device.pushToken && openPushToken(this.keyring, device, device.pushToken);
    return pushToken ? { target: { platform: device.platform, pushToken } } : {};
  }

  private async newDevice(factor: FactorRef, given: Registration): Promise<NewDevice> {
    const id = newId('dev', this.clock, this.chance);
    const holder = { id, userId: factor.userId };
    return {
      ...holder,
      factorId: factor.id,
      name: given.name,
      platform: given.platform,
      model: given.model ?? null,
      appVersion: given.appVersion ?? null,
      publicJwk: given.publicKey,
      algorithm: algorithmOf(given.publicKey),
      thumbprint: await thumbprintOf(given.publicKey),
      pushToken: given.pushToken ? sealPushToken(this.keyring, holder, given.pushToken) : null,
    };
  }
}

/** An opaque id, and no word of what it is about: push messages pass through other people's servers. */
const pushMessage = (approval: KeptApproval, now: Date) => ({
  channel: 'push' as const,
  to: approval.deviceId,
  subject: 'Is it you?',
  text: 'Open the app to answer a request.',
  data: {
    type: 'MFA_CHALLENGE',
    challenge: approval.challengeId,
    appName: approval.applicationName,
    timestamp: String(now.getTime()),
  },
  expiresAt: after(now, seconds(CHALLENGE_SECONDS)),
});
